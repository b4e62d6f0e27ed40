import type { BackupRow } from "../catalog/catalog.ts";
import type { ShownBackup } from "../domain/backups/backup-report.ts";
import type { Manifest } from "../domain/backups/manifest.ts";
import { parseManifest } from "../domain/backups/manifest-text.ts";
import { formatInstant } from "../domain/instant.ts";
import type { Context } from "./context.ts";
import { findBackup } from "./find-backup.ts";
import { listed } from "./list.ts";
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
  return {
    ...listed(context, row),
    manifest: identity === null ? manifest : await unsealed(context, row, identity),
    marks: marks.map(({ kind, who, at, why, destination }) => ({
      kind,
      who,
      at: formatInstant(at),
      why,
      destination,
    })),
  };
}

/** The private part lies at the destinations alone. */
async function unsealed(context: Context, row: BackupRow, identity: string): Promise<Manifest> {
  const decryptor = await openIdentity(context, identity);
  return unseal(filesOfCopy(await chooseCopy(context, row)), decryptor);
}
