import { withheld } from "../encryption/untold.ts";
import { describeCount, describeDuration } from "../plain-words.ts";
import { describeCompared } from "./comparison.ts";
import type { ProofReceipt } from "./proof-receipt.ts";

/** What the sum of a proof is told from. */
type ProofSummed = Pick<ProofReceipt, "outcome" | "durationMs"> & {
  readonly [Key in "compared" | "differences" | "unproven"]: Readonly<ProofReceipt[Key]>;
} & { readonly failure: { readonly message: string } | null };

interface FailureTold<Code extends string> {
  readonly code: Code;
  readonly message: string;
  readonly hint: string | null;
}

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
  return { ...receipt, ...hiddenContent(receipt), tables: [] };
}

type ProofSaid = Pick<ProofReceipt, "backup" | "outcome"> & {
  readonly [Key in "differences" | "unproven" | "assertions"]: Readonly<ProofReceipt[Key]>;
};

/** Of a receipt, or of a report. */
export function hiddenContent<Code extends string>(
  receipt: ProofSaid & { readonly failure: FailureTold<Code> | null },
) {
  const count = receipt.differences.length;
  const doing = `Cannot ${receipt.outcome === "failed" ? "prove" : "vouch for"} "${receipt.backup}"`;
  const hint = `Prove it again with codex-backup prove ${receipt.backup} --identity FILE: the screen alone names it.`;
  return {
    compared: {},
    differences:
      count === 0 ? [] : [`${describeCount(count, "difference")}, not named outside of the encryption`],
    unproven: receipt.unproven.map(() => ({
      object: "something",
      reason: "not named outside of the encryption",
    })),
    assertions: receipt.assertions.map(({ outcome }) => ({ sql: "", outcome, message: null })),
    warnings: [],
    failure: receipt.failure && withheld(receipt.failure, { doing, hint }),
  };
}
