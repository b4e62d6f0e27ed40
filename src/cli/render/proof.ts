import { describeCount, describeDuration } from "../../domain/plain-words.ts";
import { describeCompared } from "../../domain/proofs/comparison.ts";
import type { ProofReport } from "../../domain/proofs/proof-report.ts";
import type { Paint } from "../paint.ts";

/** So many differences fit on a screen; the JSON document and the receipt have them all. */
const shownDifferences = 20;

/** What was compared, where, in how long; each difference on its line; what is unproven, and why. */
export function renderProof(report: ProofReport, paint: Paint): string {
  const { backup, destination, differences, unproven, assertions } = report;
  const where = destination === null ? "" : ` at ${destination}`;
  const shown = differences.slice(0, shownDifferences);
  const more = differences.length - shown.length;
  return [
    `${paint.strong(backup)}${where}: ${paintOutcome(report, paint)} in ${describeDuration(report.durationMs)}`,
    ...comparedLines(report),
    ...shown.map((line) => `  ${paint.bad("differs")}   ${line}`),
    ...(more > 0 ? [`  and ${describeCount(more, "more difference")}: see --json, or the receipt`] : []),
    ...assertions.map((one) => assertionLine(one, paint)),
    ...unproven.map(({ object, reason }) => `  ${paint.doubtful("unproven")}  ${object}: ${reason}`),
  ].join("\n");
}

function paintOutcome({ outcome }: ProofReport, paint: Paint): string {
  return outcome === "proven" ? paint.good(outcome) : paint.bad(outcome);
}

function comparedLines({ server, restoreMs, compared, openedBy, receipt }: ProofReport): readonly string[] {
  const restored = restoreMs === null ? "" : `, restored after ${describeDuration(restoreMs)}`;
  const what = describeCompared(compared);
  return [
    ...(server === null ? [] : [`  server    ${server}${restored}`]),
    ...(openedBy === null ? [] : [`  key       ${openedBy}`]),
    ...(what === "" ? [] : [`  compared  ${what}`]),
    ...(receipt === null ? [] : [`  receipt   ${receipt}`]),
  ];
}

function assertionLine({ sql, outcome, message }: ProofReport["assertions"][number], paint: Paint): string {
  if (outcome === "true") return `  ${paint.good("true")}      ${sql}`;
  const said =
    outcome === "failed" ? `no answer: ${message ?? "unknown"}` : `not true, but ${message ?? "unknown"}`;
  return `  ${paint.bad("asserted")}  ${sql}: ${said}`;
}
