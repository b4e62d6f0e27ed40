import type { CopyRow, ProofRow } from "../catalog/catalog.ts";
import type { Destination, StoredFile } from "../destinations/destination.ts";
import { formatBackupFile } from "../domain/backups/backup-file.ts";
import { type FailureReport, messageOf, readFailureReport } from "../domain/failure.ts";
import { type Instant, instant } from "../domain/instant.ts";
import { highest } from "../domain/level.ts";
import { endOfProof, formatProofReceipt, type ProofReceipt } from "../domain/proofs/proof-receipt.ts";
import { summariseProof } from "../domain/proofs/summarise-proof.ts";
import type { Context } from "./context.ts";
import type { ReceiptWish } from "./receipt-wish.ts";
import { type VouchedProof, vouchedProofs } from "./signatures/vouched-proofs.ts";
import { withdrawIfRemoved } from "./withdraw-receipt.ts";

/**
 * The proof receipts of this very copy among the files of one backup, oldest first. Receipts that came along from
 * another destination, or speak of another manifest, are not believed; nor are those that cannot be read; nor, where there
 * is a key, what one says for its copy that the key has not signed. What one says against its copy is believed unsigned.
 */
export async function believedProofs(
  destination: Destination,
  beside: readonly StoredFile[],
  wish: ReceiptWish,
): Promise<BelievedProofs> {
  const believed: ProofReceipt[] = [];
  const unbelieved: string[] = [];
  for (const proof of await vouchedProofs(wish, destination, beside)) {
    const { name, receipt } = proof;
    const why = whyNotBelieved(proof, wish);
    if (why === null && receipt !== null) believed.push(receipt);
    else unbelieved.push(`the receipt "${name}" of a proof is not believed: ${why}`);
  }
  return { believed: believed.toSorted((a, b) => endOfProof(a) - endOfProof(b)), unbelieved };
}

export interface BelievedProofs {
  /** Oldest first. */
  readonly believed: readonly ProofReceipt[];
  /** One line for each of the others: its name, and why. */
  readonly unbelieved: readonly string[];
}

function whyNotBelieved({ receipt, isVouched }: VouchedProof, wish: ReceiptWish): string | null {
  if (receipt === null) return "it cannot be read";
  if (!isVouched && !isDamaging(receipt)) return "no trusted key has signed it";
  if (receipt.destinationId !== wish.destinationId) return "it speaks of the copy at another destination";
  return receipt.manifestSha256 === wish.manifestSha256 ? null : "it speaks of another manifest";
}

/** What the proofs beside a copy add to what its checks tell. Damage that a proof found only a later proof clears. */
export function withProofs(copy: CopyRow, proofs: readonly ProofReceipt[]): CopyRow {
  const judging = proofs.findLast((one) => one.outcome === "proven" || isDamaging(one));
  const restored = proofs.findLast((one) => failureOf(one)?.code === "proof.assertion");
  if (judging !== undefined && isDamaging(judging)) {
    const checkedAt = newest(copy.checkedAt, endOfProof(judging));
    return { ...copy, state: "damaged", level: "unknown", checkedAt, failure: failureOf(judging) };
  }
  const best = judging ?? restored;
  if (best === undefined) return copy;
  const isDamagedSince = copy.state === "damaged" && (copy.checkedAt ?? 0) > endOfProof(best);
  if (isDamagedSince) return copy;
  const base = copy.state === "damaged" ? { ...copy, state: "whole" as const, failure: null } : copy;
  const level = highest([base.level, judging === undefined ? "restored" : "proven"]);
  return { ...base, level, checkedAt: newest(base.checkedAt, endOfProof(best)) };
}

function isDamaging(receipt: ProofReceipt): boolean {
  return receipt.outcome === "mismatch" && failureOf(receipt)?.code === "proof.mismatch";
}

function newest(a: Instant | null, b: Instant): Instant {
  return a !== null && a > b ? a : b;
}

function failureOf({ failure }: ProofReceipt): FailureReport | null {
  return readFailureReport(failure);
}

/** As the catalog keeps it. */
export function proofRowOf(receipt: ProofReceipt): ProofRow {
  const { job, backup: backupId, database, destinationId, outcome, durationMs, restoreMs } = receipt;
  const { contentBytes, server, openedBy } = receipt;
  return {
    ...{ job, backupId, database, destinationId, outcome, durationMs, restoreMs },
    ...{ contentBytes, server, openedBy },
    at: endOfProof(receipt),
    summary: summariseProof(receipt),
    failure: failureOf(receipt),
  };
}

export interface WrittenReceipt {
  /** Null: it could not be written, or its backup was removed meanwhile. */
  readonly name: string | null;
  /** True: pruned while the receipt was written, which was taken back. */
  readonly isRemoved: boolean;
  readonly warnings: readonly string[];
}

/**
 * Writes a receipt beside the copy, and its signature where there is a key to sign with. Never throws: the catalog has
 * the result, and what could not be written is told.
 */
export async function writeProofReceipt(
  context: Context,
  destination: Destination,
  receipt: ProofReceipt,
): Promise<WrittenReceipt> {
  try {
    const taken = new Set((await destination.list()).map(({ name }) => name));
    const name = freeName(receipt.backup, endOfProof(receipt), taken);
    const bytes = Buffer.from(formatProofReceipt(receipt));
    const warnings = await trySign(context, destination, { name, bytes, receipt });
    await destination.put(name, bytes, context.newRunId());
    await destination.sync();
    const written = await unlessRemoved(destination, receipt, { name, isRemoved: false, warnings });
    if (!written.isRemoved) noteReceipt(context, destination, { name, receipt });
    return written;
  } catch (error) {
    const why = `its result stands in the catalog only, not beside the copy: ${messageOf(error)}`;
    return { name: null, isRemoved: false, warnings: [why] };
  }
}

/** So that it is missed should it be removed before a run has seen it. */
function noteReceipt(
  { catalog, log }: Context,
  destination: Destination,
  { name, receipt }: Pick<Signing, "name" | "receipt">,
): void {
  const { job, backup: backupId } = receipt;
  try {
    catalog.putProofFile({ job, destination: destination.name, backupId, name });
  } catch (error) {
    log.warn({ backup: backupId, error: messageOf(error) }, "a run must see the receipt before it is missed");
  }
}

async function unlessRemoved(
  destination: Destination,
  { backup }: ProofReceipt,
  written: WrittenReceipt & { readonly name: string },
): Promise<WrittenReceipt> {
  try {
    const isRemoved = await withdrawIfRemoved(destination, backup, [written.name, `${written.name}.minisig`]);
    return isRemoved ? { name: null, isRemoved, warnings: [] } : written;
  } catch (error) {
    const why = `cannot tell whether it is still there: ${messageOf(error)}`;
    return { ...written, warnings: [...written.warnings, why] };
  }
}

/** Names count seconds: a second proof within one gets the next. */
function freeName(id: string, at: Instant, taken: ReadonlySet<string>): string {
  const name = formatBackupFile(id, { kind: "proof", at });
  return taken.has(name) ? freeName(id, instant(at + 1000), taken) : name;
}

interface Signing {
  readonly name: string;
  readonly bytes: Buffer;
  readonly receipt: ProofReceipt;
}

/** Before the receipt itself, so that no receipt stands unsigned where one could be signed. */
async function trySign(
  { signatures, newRunId }: Context,
  destination: Destination,
  { name, bytes, receipt }: Signing,
): Promise<readonly string[]> {
  try {
    const signer = await signatures.signer();
    if (signer === null) return [];
    const { backup, outcome, finishedAt } = receipt;
    const signature = signer.sign(bytes, `codex-backup proof of ${backup}, ${outcome}, ${finishedAt}`);
    await destination.put(`${name}.minisig`, Buffer.from(signature), newRunId());
    return [];
  } catch (error) {
    return [`its receipt is not signed: ${messageOf(error)}`];
  }
}
