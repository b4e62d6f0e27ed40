import { oneLine } from "../alerts/shown-text.ts";
import { describeSubject } from "../plain-words.ts";
import type { RunReport } from "./run-report.ts";

/**
 * What one run left, as lines of a log for people: time, severity, job, outcome; then a line for each warning
 * and for the failure, so that `grep error` finds what `grep` should.
 */
export function formatRunLines(report: RunReport): readonly string[] {
  const { runId, job, database, outcome, backup, warnings, copies, failure, summary } = report;
  const subject = describeSubject(job, database);
  const end = new Date(Date.parse(report.startedAt) + report.durationMs).toISOString();
  const line = (severity: string, text: string) => `${end} ${severity} ${subject}: ${oneLine(text)}`;
  const lost = copies.flatMap((copy) => (copy.failure === null ? [] : [copy.failure.message]));
  const name = backup === null ? "" : ` ${backup.id},`;
  return [
    line(
      outcome === "complete" ? "info" : outcome === "failed" ? "error" : "warn",
      `${summary},${name} run ${runId}`,
    ),
    ...warnings.map((warning) => line("warn", warning)),
    ...lost.map((message) => line("error", message)),
    ...(failure === null ? [] : [line("error", `${failure.message} [${failure.code}]`)]),
    ...(failure?.hint ? [line("error", failure.hint)] : []),
  ];
}
