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
  return `${renderColumns(rows)}\n${sumOf(judged, isDryRun)}${retainedOf(judged)}`;
}

function wordOf({ verdict, isRemoved, retained }: PruneReport, isDryRun: boolean, paint: Paint): string {
  if (verdict === "keep") return "kept";
  if (retained !== null)
    return retained.until === null ? "retained" : `retained until ${dayOf(retained.until)}`;
  if (isDryRun) return paint.doubtful("would go");
  return isRemoved ? paint.doubtful("removed") : paint.bad("still there");
}

/** Days in UTC: a storage counts from the second of its upload. */
function dayOf(time: string): string {
  return time.slice(0, 10);
}

function retainedOf(verdicts: readonly PruneReport[]): string {
  const count = verdicts.filter(({ retained }) => retained !== null).length;
  if (count === 0) return "";
  return ` The storage retains ${describeCount(count, "of them", "of them")} for now; prune tries again.`;
}

function sumOf(verdicts: readonly PruneReport[], isDryRun: boolean): string {
  const gone = verdicts.filter((verdict) =>
    isDryRun ? verdict.verdict === "remove" && verdict.retained === null : verdict.isRemoved,
  );
  const sizeBytes = gone.reduce((sum, verdict) => sum + verdict.sizeBytes, 0);
  const what = `${describeCount(gone.length, "copy", "copies")} (${describeSize(sizeBytes)})`;
  const rest = verdicts.length - gone.length;
  return isDryRun
    ? `${what} would go, ${rest} would stay. Nothing was touched.`
    : `${what} removed, ${rest} stay.`;
}
