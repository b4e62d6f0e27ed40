import type { CopyRow } from "../../catalog/catalog.ts";
import { formatBackupFile } from "../../domain/backups/backup-file.ts";
import type { ReadBack } from "../../domain/copies/read-back.ts";
import { asFailure, Failure } from "../../domain/failure.ts";
import { highest, type Level } from "../../domain/level.ts";
import { endOfProof, type ProofReceipt } from "../../domain/proofs/proof-receipt.ts";
import { withoutContent } from "../../domain/proofs/summarise-proof.ts";
import type { Context } from "../context.ts";
import { proofRowOf, writeProofReceipt } from "../proof-receipts.ts";
import { demandSameDisk } from "../same-disk.ts";
import type { ChosenPlace } from "./choose-place.ts";
import { knownCopy } from "./known-copy.ts";

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
  readonly readBack: ReadBack | null;
}

/**
 * Tells the catalog what a proof found, then lays the receipt beside the copy; one that cannot be written takes nothing
 * from what was found. A copy that was removed meanwhile has neither level nor receipt, and the history keeps the rest.
 * Of an encrypted backup none of them says what is in it: status, alerts and HTTP tell what the catalog has.
 */
export async function keepProof(context: Context, place: ChosenPlace, told: Told): Promise<KeptProof> {
  const { destination, stored } = place;
  const { manifest } = stored;
  const { catalog } = context;
  const receipt = manifest.encryption === undefined ? told.receipt : withoutContent(told.receipt);
  const seen = await lookAtCopy(place);
  const copy = catalog.atomically(() => {
    catalog.putProof(proofRowOf(receipt));
    return seen === "gone" ? null : putCopy(context, place, { ...told, receipt });
  });
  if (copy === null) return removed;
  if (seen instanceof Failure) {
    const why = `its result stands in the catalog only, not beside the copy: ${seen.message}`;
    return { level: copy.level, receipt: null, warnings: [why] };
  }
  const written = await writeProofReceipt(context, destination, receipt);
  if (written.isRemoved) return removed;
  return { level: copy.level, receipt: written.name, warnings: written.warnings };
}

const removed: KeptProof = {
  level: "unknown",
  receipt: null,
  warnings: ["the copy was removed while it was proven: nothing lies beside it"],
};

/** A destination that went away has not lost the copy, and nothing may be laid down where it was. */
async function lookAtCopy({
  destination,
  destinationId,
  row,
}: ChosenPlace): Promise<"there" | "gone" | Failure> {
  try {
    demandSameDisk(destination, await destination.look(), { backupId: row.id, destinationId });
    const manifest = await destination.stat(formatBackupFile(row.id, { kind: "manifest" }));
    return manifest === null ? "gone" : "there";
  } catch (error) {
    return asFailure(error, "destination.io", `Cannot look at "${destination.name}"`);
  }
}

/** Null when a prune has come between. */
function putCopy(context: Context, { row, destination }: ChosenPlace, told: Told): CopyRow | null {
  const before = knownCopy(context, row, destination.name);
  if (before === null) return null;
  const copy = provenCopy(before, told);
  context.catalog.putCopy(copy);
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
