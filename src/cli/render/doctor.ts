import type { Finding, Severity } from "../../domain/doctor/finding.ts";
import { describeCount } from "../../domain/plain-words.ts";
import type { DoctorReport } from "../../operations/operation.ts";
import type { Paint } from "../paint.ts";

/** What must be mended stands first. */
const order: readonly Severity[] = ["blocker", "unknown", "warning", "note", "ok"];

export interface FindingsView {
  /** Also what is well. */
  readonly isDetailed: boolean;
  readonly paint: Paint;
}

/** Each finding with the commands that mend it, the worst first; then the answer in one line. */
export function renderFindings(report: DoctorReport, { isDetailed, paint }: FindingsView): string {
  const shown = order
    .filter((severity) => severity !== "ok" || isDetailed)
    .flatMap((severity) => report.findings.filter((one) => one.severity === severity));
  const blocks = shown.map((one) => renderFinding(one, paint));
  return [...blocks, ...(blocks.length > 0 ? [""] : []), summaryOf(report, paint)].join("\n");
}

function renderFinding(finding: Finding, paint: Paint): string {
  const { subject, message, commands, code } = finding;
  const [first = "", ...further] = message.split("\n");
  return [
    `${wordOf(finding, paint)} ${subject}: ${first}  ${paint.faint(code)}`,
    ...further.map((line) => `  ${line}`),
    ...commands.map((command) => `    ${paint.strong(command)}`),
  ].join("\n");
}

function wordOf({ severity, isFixed }: Finding, paint: Paint): string {
  if (isFixed) return paint.good("mended ");
  const padded = severity.padEnd(7);
  switch (severity) {
    case "blocker":
      return paint.bad(padded);
    case "ok":
      return paint.good(padded);
    case "note":
      return paint.faint(padded);
    case "warning":
    case "unknown":
      return paint.doubtful(padded);
    default:
      return severity satisfies never;
  }
}

function summaryOf({ findings, exit }: DoctorReport, paint: Paint): string {
  const open = findings.filter(({ isFixed }) => !isFixed);
  const count = (severity: Severity) => open.filter((one) => one.severity === severity).length;
  const counts = [
    ...(count("blocker") > 0 ? [describeCount(count("blocker"), "blocker")] : []),
    ...(count("unknown") > 0 ? [`${count("unknown")} unknown`] : []),
    ...(count("warning") > 0 ? [describeCount(count("warning"), "warning")] : []),
    `${count("ok")} ok`,
  ].join(", ");
  if (exit === 0) return `${paint.good("Tonight will work")}: ${counts}.`;
  if (exit === 1) return `${paint.bad("Tonight will fail")}: ${counts}.`;
  return `${paint.doubtful("Tonight may fail, something could not be looked at")}: ${counts}.`;
}
