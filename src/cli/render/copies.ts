import { describeCount, describeSize } from "../../domain/plain-words.ts";
import type { CopyMade } from "../../operations/operation.ts";
import type { Paint } from "../paint.ts";
import { renderColumns } from "./columns.ts";

export interface CopiesWish {
  readonly isDryRun: boolean;
  readonly paint: Paint;
}

/** "codexdb_2026-11-23  backups → offsite  223 MB  copied, hashed"; then how many were, or would be. */
export function renderCopies(copies: readonly CopyMade[], { isDryRun, paint }: CopiesWish): string {
  if (copies.length === 0) return "No copy lacks.";
  const rows = copies.map((made) => [
    made.backup,
    made.from === null ? `→ ${made.destination}` : `${made.from} → ${made.destination}`,
    describeSize(made.sizeBytes),
    wordOf(made, paint),
  ]);
  const done = copies.filter(({ outcome }) => outcome === (isDryRun ? "planned" : "copied"));
  const what = describeCount(done.length, "copy", "copies");
  const sum = isDryRun
    ? `${what} would be made. Nothing was touched.`
    : `${what} made, ${copies.length - done.length} not.`;
  return `${renderColumns(rows)}\n${sum}`;
}

function wordOf({ outcome, level }: CopyMade, paint: Paint): string {
  switch (outcome) {
    case "copied":
      return paint.good(`copied, ${level}`);
    case "planned":
      return paint.doubtful("would be copied");
    case "skipped":
      return "skipped";
    case "failed":
      return paint.bad("failed");
    default:
      return outcome satisfies never;
  }
}
