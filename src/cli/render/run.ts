import type { Outcome } from "../../domain/outcome.ts";
import { describeSubject } from "../../domain/plain-words.ts";
import type { CopyReport, RunReport } from "../../domain/runs/run-report.ts";
import type { Paint } from "../paint.ts";

/** "database  complete, 4.1 s, 223 MB  codexdb_2026-11-23  read at backups, hashed at offsite" */
export function renderRun(report: RunReport, paint: Paint): string {
  const { job, database, summary, outcome, backup } = report;
  const name = describeSubject(job, database);
  const parts = [name, paintSummary(summary, outcome, paint)];
  return [...parts, ...(backup === null ? [] : [backup.id, describeCopies(report.copies)])].join("  ");
}

function paintSummary(summary: string, outcome: Outcome, paint: Paint): string {
  if (outcome === "complete") return paint.good(summary);
  return outcome === "failed" ? paint.bad(summary) : paint.doubtful(summary);
}

/** Levels beside the places that have them: copies may differ. */
function describeCopies(copies: readonly CopyReport[]): string {
  const places = new Map<string, string[]>();
  for (const { failure, level, destination } of copies) {
    if (failure === null) places.set(level, [...(places.get(level) ?? []), destination]);
  }
  return [...places].map(([level, names]) => `${level} at ${names.join(", ")}`).join("; ");
}
