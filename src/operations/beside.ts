import type { CopyRow } from "../catalog/catalog.ts";
import type { Destination, StoredFile } from "../destinations/destination.ts";
import { parseBackupFile } from "../domain/backups/backup-file.ts";
import { type CheckReceipt, parseCheckReceipt } from "../domain/backups/check-receipt.ts";
import { Failure, reportOf } from "../domain/failure.ts";
import { parseInstant } from "../domain/instant.ts";
import type { ProofReceipt } from "../domain/proofs/proof-receipt.ts";
import { believedProofs, withProofs } from "./proof-receipts.ts";
import type { ReceiptWish } from "./receipt-wish.ts";
import type { StoredBackup } from "./stored-backup.ts";

/** A copy at one destination, by what the destination's sentinel is called. */
export interface CopyPlace {
  readonly destination: Destination;
  readonly destinationId: string;
}

/**
 * The newest check receipt of this very copy among the files of one backup; null when there is none that can
 * be read. Receipts that came along from another destination, or speak of another manifest, are not believed.
 */
async function newestReceipt(
  destination: Destination,
  beside: readonly StoredFile[],
  wish: ReceiptWish,
): Promise<CheckReceipt | null> {
  const names = beside.map(({ name }) => name).filter((name) => parseBackupFile(name)?.file.kind === "check");
  const found = await Promise.all(names.map((name) => readReceipt(destination, name)));
  const believed = found.filter(
    (one) =>
      one?.receipt.destinationId === wish.destinationId && one.receipt.manifestSha256 === wish.manifestSha256,
  );
  return believed.filter((one) => one !== null).toSorted(newestFirst)[0]?.receipt ?? null;
}

interface FoundReceipt {
  readonly name: string;
  readonly receipt: CheckReceipt;
}

async function readReceipt(destination: Destination, name: string): Promise<FoundReceipt | null> {
  const receipt = parseCheckReceipt((await destination.read(name)).toString("utf8"));
  return receipt && { name, receipt };
}

/** Of two written in one moment, the later one has the later name. */
function newestFirst(a: FoundReceipt, b: FoundReceipt): number {
  const [first, second] = [a, b].map(({ receipt, name }) => `${receipt.checkedAt}\n${name}`);
  return (first ?? "") < (second ?? "") ? 1 : -1;
}

/** What lies beside a copy and tells how far it was checked. */
export interface ToldBeside {
  /** The newest check receipt; null: none. */
  readonly receipt: CheckReceipt | null;
  /** Oldest first. */
  readonly proofs: readonly ProofReceipt[];
  /** One line for each receipt of a proof that is not believed. */
  readonly unbelieved: readonly string[];
}

/** What is believed of all that lies beside one copy. */
export async function toldBeside(
  destination: Destination,
  beside: readonly StoredFile[],
  wish: ReceiptWish,
): Promise<ToldBeside> {
  const { believed: proofs, unbelieved } = await believedProofs(destination, beside, wish);
  return { receipt: await newestReceipt(destination, beside, wish), proofs, unbelieved };
}

/** What the destination alone tells of a copy: by its newest check, else by the run that made it; and by its proofs. */
export function copyAsTold(
  place: CopyPlace,
  stored: Pick<StoredBackup, "manifest">,
  { receipt, proofs }: Omit<ToldBeside, "unbelieved">,
): CopyRow {
  return withProofs(copyAsChecked(place, stored, receipt), proofs);
}

function copyAsChecked(
  { destination, destinationId }: CopyPlace,
  { manifest }: Pick<StoredBackup, "manifest">,
  receipt: CheckReceipt | null,
): CopyRow {
  const fromRun = manifest.checked.copies[destinationId] ?? null;
  const level = receipt?.level ?? (fromRun === null ? "stored" : manifest.checked.level);
  const isDamaged = level === "unknown";
  const failure = new Failure(
    "backup.mismatch",
    `Cannot vouch for "${manifest.id}": the check of ${receipt?.checkedAt ?? manifest.finishedAt} found damage`,
  );
  return {
    job: manifest.job,
    backupId: manifest.id,
    destination: destination.name,
    destinationId,
    state: isDamaged ? "damaged" : "whole",
    level,
    readBack: receipt === null ? fromRun : receipt.readBack,
    checkedAt: parseInstant(receipt?.checkedAt ?? manifest.finishedAt),
    failure: isDamaged ? reportOf(failure) : null,
  };
}

/** The row of a copy that is not what its manifest says. */
export function damagedCopy(copy: CopyRow, difference: string): CopyRow {
  const failure = new Failure("backup.mismatch", `Cannot vouch for "${copy.backupId}": ${difference}`);
  return { ...copy, state: "damaged", level: "unknown", failure: reportOf(failure) };
}
