import { describeSize } from "../../domain/plain-words.ts";
import type { RunReport } from "../../domain/run-report.ts";
import type { Paint } from "../paint.ts";

/** "database  complete, 4.1 s  codexdb_2026-11-23  223 MB  hashed at backups, offsite" */
export function renderRun(report: RunReport, paint: Paint): string {
  const { job, database, summary, outcome, backup } = report;
  const name = database === null ? job : `${job} (${database})`;
  const painted =
    outcome === "complete"
      ? paint.good(summary)
      : outcome === "failed"
        ? paint.bad(summary)
        : paint.doubtful(summary);
  if (backup === null) return `${name}  ${painted}`;
  const sizeBytes = backup.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return [name, painted, backup.id, describeSize(sizeBytes), describeCopies(report)].join("  ");
}

/** Levels beside the places that have them: copies may differ. */
function describeCopies({ copies }: RunReport): string {
  const good = copies.filter((copy) => copy.failure === null);
  const levels = [...new Set(good.map((copy) => copy.level))];
  return levels
    .map(
      (level) =>
        `${level} at ${good
          .filter((copy) => copy.level === level)
          .map((copy) => copy.destination)
          .join(", ")}`,
    )
    .join("; ");
}
