import type { BackupRow, ProofRow } from "../catalog/catalog.ts";
import type { ShownBackup, ShownProof } from "../domain/backups/backup-report.ts";
import type { Manifest } from "../domain/backups/manifest.ts";
import { parseManifest } from "../domain/backups/manifest-text.ts";
import { formatInstant } from "../domain/instant.ts";
import type { Context } from "./context.ts";
import { findBackup } from "./find-backup.ts";
import { listed } from "./list.ts";
import { recoveryOfBackup } from "./proof-status.ts";
import { filesOfCopy } from "./restore/backup-files.ts";
import { chooseCopy } from "./restore/choose-copy.ts";
import { openIdentity, unseal } from "./restore/unseal.ts";

/** Throws "usage.unknown-backup"; with a file of secret keys also as unseal does. */
export async function showBackup(
  context: Context,
  name: string,
  identity: string | null,
): Promise<ShownBackup> {
  const row = findBackup(context, name);
  const text = context.catalog.manifestText(row.job, row.id);
  const manifest = text === null ? null : parseManifest(Buffer.from(text), `catalog: ${row.id}`);
  const marks = context.catalog.marks(row.job, row.id);
  const shown = identity === null ? manifest : await unsealed(context, row, identity);
  const contentBytes = (shown?.files ?? []).reduce(
    (sum, file) => sum + (file.content?.sizeBytes ?? file.sizeBytes),
    0,
  );
  return {
    ...listed(context, row),
    manifest: shown,
    recovery: recoveryOfBackup(context, row, contentBytes),
    marks: marks.map(({ kind, who, at, why, destination }) => ({
      kind,
      who,
      at: formatInstant(at),
      why,
      destination,
    })),
    proofs: context.catalog.proofs({ job: row.job, backupId: row.id }).map((proof) => shownProof(row, proof)),
  };
}

function shownProof({ copies }: BackupRow, proof: ProofRow): ShownProof {
  const { at, outcome, durationMs, restoreMs, server, openedBy, summary, failure } = proof;
  const copy = copies.find(({ destinationId }) => destinationId === proof.destinationId);
  return {
    destination: copy?.destination ?? null,
    at: formatInstant(at),
    ...{ outcome, durationMs, restoreMs, server, openedBy, summary, failure },
  };
}

/** The private part lies at the destinations alone. */
async function unsealed(context: Context, row: BackupRow, identity: string): Promise<Manifest> {
  const decryptor = await openIdentity(context, identity);
  return unseal(filesOfCopy(await chooseCopy(context, row)), decryptor);
}
