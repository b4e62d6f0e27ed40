import type { ProofReport } from "./proof-report.ts";
import { summariseProof } from "./summarise-proof.ts";

/** So many differences stand in the log of a run; all of them in the receipt. */
const shownDifferences = 20;

/** What the run of a scheduled proof says of it. */
export function proofsOfRun(report: ProofReport): {
  readonly summary: string;
  readonly warnings: readonly string[];
} {
  const { backup, differences, warnings, unproven } = report;
  const others = differences.slice(1, shownDifferences);
  const left = differences.length - 1 - others.length;
  return {
    summary: `${backup} ${summariseProof(report)}`,
    warnings: [
      ...others,
      ...(left > 0 ? [`and ${left} more differences, which its receipt names`] : []),
      ...unproven.map(({ object, reason }) => `${object} is unproven: ${reason}`),
      ...warnings,
    ],
  };
}
