import { describeCount, describeSize } from "../../domain/plain-words.ts";
import type { PruneReport } from "../../operations/operation.ts";
import type { Paint } from "../paint.ts";
import { renderColumns } from "./columns.ts";

export interface VerdictWish {
  readonly isDryRun: boolean;
  readonly paint: Paint;
}

/** Each backup with its verdict and the reasons in words ("kept: weekly 3 of 4"); then what went, or would go. */
export function renderVerdicts(verdicts: readonly PruneReport[], { isDryRun, paint }: VerdictWish): string {
  if (verdicts.length === 0) return "There is nothing to prune: no backups.";
  const judged = verdicts.filter((verdict) => verdict.backup !== null);
  if (judged.length === 0) return "Nothing was touched.";
  const rows = judged.map((verdict) => [
    verdict.backup ?? "",
    verdict.destination ?? "",
    describeSize(verdict.sizeBytes),
    `${wordOf(verdict, isDryRun, paint)}: ${verdict.reasons.join(", ")}`,
  ]);
  return `${renderColumns(rows)}\n${sumOf(judged, isDryRun)}`;
}

function wordOf({ verdict, isRemoved }: PruneReport, isDryRun: boolean, paint: Paint): string {
  if (verdict === "keep") return "kept";
  if (isDryRun) return paint.doubtful("would go");
  return isRemoved ? paint.doubtful("removed") : paint.bad("still there");
}

function sumOf(verdicts: readonly PruneReport[], isDryRun: boolean): string {
  const gone = verdicts.filter((verdict) => (isDryRun ? verdict.verdict === "remove" : verdict.isRemoved));
  const sizeBytes = gone.reduce((sum, verdict) => sum + verdict.sizeBytes, 0);
  const what = `${describeCount(gone.length, "copy", "copies")} (${describeSize(sizeBytes)})`;
  const rest = verdicts.length - gone.length;
  return isDryRun
    ? `${what} would go, ${rest} would stay. Nothing was touched.`
    : `${what} removed, ${rest} stay.`;
}
