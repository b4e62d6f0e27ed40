import { describeCount, describeDuration } from "../plain-words.ts";
import { describeCompared } from "./comparison.ts";
import type { ProofReceipt } from "./proof-receipt.ts";

/** What the sum of a proof is told from. */
type ProofSummed = Pick<ProofReceipt, "outcome" | "durationMs"> & {
  readonly [Key in "compared" | "differences" | "unproven"]: Readonly<ProofReceipt[Key]>;
} & { readonly failure: { readonly message: string } | null };

/** One line for people: "proven in 4.1 s: 12 tables, 1,000 rows". */
export function summariseProof(receipt: ProofSummed): string {
  const { outcome, durationMs, compared, differences, unproven, failure } = receipt;
  if (outcome === "proven") {
    const what = describeCompared(compared);
    const rest = unproven.length === 0 ? "" : `; ${describeCount(unproven.length, "thing")} unproven`;
    return `proven in ${describeDuration(durationMs)}${what === "" ? "" : `: ${what}`}${rest}`;
  }
  const [first] = differences;
  if (first === undefined) return failure?.message ?? outcome;
  const more = differences.length === 1 ? "" : ` (and ${differences.length - 1} more)`;
  return `${outcome}: ${first}${more}`;
}

/**
 * The receipt of an encrypted backup as anybody may read it beside the copy: that it was proven, when and with which
 * key, and nothing of what is in it (PROOF 6).
 */
export function withoutContent(receipt: ProofReceipt): ProofReceipt {
  const count = receipt.differences.length;
  const message =
    receipt.outcome === "proven" ? null : `Cannot vouch for "${receipt.backup}": see the catalog`;
  return {
    ...receipt,
    compared: {},
    tables: [],
    differences:
      count === 0 ? [] : [`${describeCount(count, "difference")}, not named outside of the encryption`],
    unproven: receipt.unproven.map(() => ({
      object: "something",
      reason: "not named outside of the encryption",
    })),
    assertions: receipt.assertions.map(({ outcome }) => ({ sql: "", outcome, message: null })),
    warnings: [],
    failure: receipt.failure && { code: receipt.failure.code, message: message ?? "", hint: null },
  };
}
