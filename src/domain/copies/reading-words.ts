import type { ReadingReport } from "../backups/verify-report.ts";
import { describeDuration, describeSize } from "../plain-words.ts";

/** What a person must know of a budget that cannot keep its promise; null: it can. */
export function budgetShortfall({ budgetBytes, neededBytes, withinMs }: ReadingReport): string | null {
  if (budgetBytes === null || neededBytes === null || withinMs === null) return null;
  return `${describeSize(budgetBytes)} a day cannot read every copy within ${describeDuration(withinMs)}: that takes ${describeSize(neededBytes)} a day`;
}
