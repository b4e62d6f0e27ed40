import type { Destination, StoredFile } from "../../destinations/destination.ts";
import { parseBackupFile } from "../../domain/backups/backup-file.ts";
import { Failure } from "../../domain/failure.ts";
import { type ProofReceipt, parseProofReceipt } from "../../domain/proofs/proof-receipt.ts";
import type { SignatureState } from "../../domain/signatures/chain-link.ts";
import type { Context } from "../context.ts";
import { readSigned } from "./read-shelf.ts";

export interface VouchedProof {
  readonly name: string;
  /** Null: it cannot be read. */
  readonly receipt: ProofReceipt | null;
  /** False: verify --signatures calls it damaged. */
  readonly isVouched: boolean;
}

type Parts = Pick<Context, "signatures">;

/**
 * The proof receipts among the files of one backup. Where any key is trusted, one counts when such a key
 * has signed it, or when neither it nor its manifest was ever signed: it is from before the key.
 */
export async function vouchedProofs(
  parts: Parts,
  destination: Destination,
  beside: readonly StoredFile[],
): Promise<readonly VouchedProof[]> {
  const names = new Set(beside.map(({ name }) => name));
  const wasSigned = [...names].some(
    (name) => parseBackupFile(name)?.file.kind === "manifest" && names.has(`${name}.minisig`),
  );
  const hasKeys = await isAnyTrusted(parts);
  const proofs = [...names].filter((name) => parseBackupFile(name)?.file.kind === "proof");
  const found = await Promise.all(
    proofs.map(async (name): Promise<VouchedProof | null> => {
      const isSigned = hasKeys && names.has(`${name}.minisig`);
      const signed = await readSigned(parts, destination, { name, isSigned });
      if (signed === null) return null;
      const receipt = parseProofReceipt(signed.bytes.toString("utf8"));
      return { name, receipt, isVouched: !hasKeys || isVouchedBy(signed.signature, wasSigned) };
    }),
  );
  return found.filter((one) => one !== null);
}

function isVouchedBy({ kind }: SignatureState, wasSigned: boolean): boolean {
  return kind === "good" || (kind === "missing" && !wasSigned);
}

/** A key that cannot be used tells nothing of receipts: doctor, and the next run, tell of the key. */
async function isAnyTrusted({ signatures }: Parts): Promise<boolean> {
  try {
    return (await signatures.trusted()).length > 0;
  } catch (error) {
    if (error instanceof Failure && error.code === "signatures.key") return false;
    throw error;
  }
}
