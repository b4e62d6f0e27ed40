import { describeCount } from "../../domain/plain-words.ts";
import type { SignatureReport } from "../../domain/signatures/signature-report.ts";
import type { Paint } from "../paint.ts";
import { renderColumns } from "./columns.ts";

/** A row for each signed file, and their sum. */
export function renderSignatures(reports: readonly SignatureReport[], paint: Paint): string {
  if (reports.length === 0) return "";
  const rows = reports.map((report) => [
    report.file ?? report.backup,
    report.destination,
    paintOutcome(report, paint),
    report.signedBy === null ? "" : `by ${report.signedBy}`,
  ]);
  const bad = reports.filter(({ outcome }) => outcome === "damaged" || outcome === "failed").length;
  const unsigned = reports.filter(({ outcome }) => outcome === "unsigned").length;
  const older = unsigned === 0 ? "" : `, ${unsigned} not signed, as if from before there was a key`;
  const sum = bad === 0 ? paint.good("nothing is missing or changed") : paint.bad(`${bad} not good`);
  return `${renderColumns(rows)}\n${describeCount(reports.length, "file")} looked at${older}, ${sum}`;
}

/** Of what is damaged, in which way. */
function paintOutcome({ outcome, findings }: SignatureReport, paint: Paint): string {
  if (outcome === "ok") return paint.good(outcome);
  if (outcome === "damaged") return paint.bad([...new Set(findings.map(({ kind }) => kind))].join(", "));
  return outcome === "unsigned" ? outcome : paint.bad(outcome);
}
