import type { VerifyReport } from "../../domain/backups/verify-report.ts";
import { describeCount } from "../../domain/plain-words.ts";
import type { Paint } from "../paint.ts";
import { renderColumns } from "./columns.ts";

/** A row for each copy that was checked, and their sum. */
export function renderChecks(checks: readonly VerifyReport[], paint: Paint): string {
  if (checks.length === 0) return "";
  const rows = checks.map((check) => [
    check.backup,
    check.destination,
    paintOutcome(check, paint),
    check.outcome === "ok" ? check.level : "",
    check.readBack === "cached" ? "from the cache" : "",
  ]);
  const ok = checks.filter((check) => check.outcome === "ok").length;
  const sum = ok === checks.length ? paint.good("all are good") : paint.bad(`${checks.length - ok} not good`);
  return `${renderColumns(rows)}\n${describeCount(checks.length, "copy", "copies")} checked, ${sum}`;
}

function paintOutcome({ outcome }: VerifyReport, paint: Paint): string {
  return outcome === "ok" ? paint.good(outcome) : paint.bad(outcome);
}
