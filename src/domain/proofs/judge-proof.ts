import { Failure } from "../failure.ts";
import type { Level } from "../level.ts";
import { describeCount } from "../plain-words.ts";
import type { Comparison } from "./comparison.ts";
import type { ProofReceipt } from "./proof-receipt.ts";

/** What a restore and a comparison that came to their end mean. */
export interface ProofJudgement {
  readonly outcome: ProofReceipt["outcome"];
  /** Null for "proven". */
  readonly failure: Failure | null;
  /** What the copy now reaches; "unknown": it is damaged. Null: nothing is known of it that was not known before. */
  readonly level: Level | null;
}

/**
 * A difference is damage, whatever the assertions say. With none, the copy is at least `restored`: an assertion that
 * is not true speaks of what the database held, not of the copy. What cannot be proven is listed and lowers nothing;
 * but where nothing was compared, nothing is proven.
 */
export function judgeProof(
  backup: string,
  comparison: Pick<Comparison, "compared" | "differences">,
  assertions: ProofReceipt["assertions"],
): ProofJudgement {
  const { compared, differences } = comparison;
  if (differences.length > 0) {
    return { outcome: "mismatch", failure: differing(backup, differences), level: "unknown" };
  }
  if (Object.values(compared).every((count) => count === 0)) {
    const failure = new Failure("proof.nothing", `Cannot prove "${backup}": nothing in it can be compared`, {
      hint: "See what it holds with codex-backup show; leave a database that is meant to be empty out under postgres.except.",
    });
    return { outcome: "failed", failure, level: null };
  }
  const untrue = assertions.filter(({ outcome }) => outcome !== "true");
  if (untrue.length > 0)
    return { outcome: "mismatch", failure: untrueFailure(backup, untrue), level: "restored" };
  return { outcome: "proven", failure: null, level: "proven" };
}

/** Of what was restored, or of what was about to be. */
export function differing(backup: string, differences: readonly string[]): Failure {
  const [first = "it differs", ...others] = differences;
  const more = others.length === 0 ? "" : `, and ${describeCount(others.length, "more difference")}`;
  return new Failure("proof.mismatch", `Cannot vouch for "${backup}": ${first}${more}`, {
    hint: "Prove another copy with --destination, or an older backup; only a proof without differences clears this one.",
  });
}

function untrueFailure(backup: string, untrue: ProofReceipt["assertions"]): Failure {
  const [first] = untrue;
  const what = first === undefined ? "" : `"${first.sql}" is ${saidOf(first)}`;
  const more = untrue.length < 2 ? "" : `, and ${describeCount(untrue.length - 1, "more assertion")}`;
  return new Failure("proof.assertion", `Cannot call "${backup}" proven: ${what}${more}`, {
    hint: "Everything was restored and is equal: look at the data itself, or at the job's assertions.",
  });
}

function saidOf({ outcome, message }: ProofReceipt["assertions"][number]): string {
  return outcome === "failed" ? `no answer: ${message ?? "unknown"}` : (message ?? "not true");
}
