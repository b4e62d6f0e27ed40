import type { CopyRow } from "../../catalog/catalog.ts";
import { formatBackupFile, parseBackupFile } from "../../domain/backups/backup-file.ts";
import { highest, type Level } from "../../domain/level.ts";
import { endOfProof, type ProofReceipt } from "../../domain/proofs/proof-receipt.ts";
import { withoutContent } from "../../domain/proofs/summarise-proof.ts";
import { copyAsTold, toldBeside } from "../beside.ts";
import type { Context } from "../context.ts";
import { proofRowOf, writeProofReceipt } from "../proof-receipts.ts";
import { putBackup } from "../put-backup.ts";
import type { ChosenPlace } from "./choose-place.ts";

export interface KeptProof {
  /** Of the copy, now. */
  readonly level: Level;
  readonly receipt: string | null;
  readonly warnings: readonly string[];
}

export interface Told {
  readonly receipt: ProofReceipt;
  /** As judgeProof gives it. */
  readonly level: Level | null;
  readonly readBack: "direct" | "cached" | null;
}

/**
 * Tells the catalog what a proof found, then lays the receipt beside the copy; one that cannot be written takes nothing
 * from what was found. A copy that was removed meanwhile has neither level nor receipt, and the history keeps the rest.
 */
export async function keepProof(context: Context, place: ChosenPlace, told: Told): Promise<KeptProof> {
  const { destination, stored } = place;
  const { manifest } = stored;
  const { catalog } = context;
  const asTold = await copyTold(context, place);
  const copy = catalog.atomically(() => {
    catalog.putProof(proofRowOf(told.receipt));
    return asTold === null ? null : putCopy(context, place, { ...told, asTold });
  });
  if (copy === null) {
    const warnings = ["the copy was removed while it was proven: nothing lies beside it"];
    return { level: "unknown", receipt: null, warnings };
  }
  const isOpen = manifest.encryption === undefined;
  const written = await writeProofReceipt(
    context,
    destination,
    isOpen ? told.receipt : withoutContent(told.receipt),
  );
  return { level: copy.level, receipt: written.name, warnings: written.warnings };
}

/** Null when its manifest is gone. */
async function copyTold({ signatures }: Context, place: ChosenPlace): Promise<CopyRow | null> {
  const { destination, destinationId, stored } = place;
  const { manifest, manifestSha256 } = stored;
  if ((await destination.stat(formatBackupFile(manifest.id, { kind: "manifest" }))) === null) return null;
  const beside = (await destination.list()).filter(({ name }) => parseBackupFile(name)?.base === manifest.id);
  const wish = { destinationId, manifestSha256, signatures };
  return copyAsTold(place, stored, await toldBeside(destination, beside, wish));
}

/** Null when a prune has come between. */
function putCopy(
  { catalog }: Context,
  { destination, stored }: ChosenPlace,
  { receipt, level, readBack, asTold }: Told & { readonly asTold: CopyRow },
): CopyRow | null {
  const { manifest } = stored;
  const row = catalog.backup(manifest.job, manifest.id);
  const before = row?.copies.find((copy) => copy.destination === destination.name) ?? null;
  if (before?.state === "removing") return null;
  if (row === null) putBackup(catalog, stored);
  const copy = provenCopy(before ?? asTold, { receipt, level, readBack });
  catalog.putCopy({ ...copy, destinationId: asTold.destinationId });
  if (row === null) catalog.putProof(proofRowOf(receipt)); // its backup was not there yet to be judged
  return copy;
}

/** A proof that failed changes nothing; one that found a difference calls the copy damaged. */
function provenCopy(before: CopyRow, { receipt, level, readBack }: Told): CopyRow {
  if (level === null) return before;
  const checkedAt = endOfProof(receipt);
  if (level === "unknown") {
    const { failure } = proofRowOf(receipt);
    return { ...before, state: "damaged", level, readBack, checkedAt, failure };
  }
  const wasWhole = before.state === "whole";
  const reached = wasWhole ? highest([before.level, level]) : level;
  return { ...before, state: "whole", level: reached, readBack, checkedAt, failure: null };
}
