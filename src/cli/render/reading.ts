import type { ReadingReport } from "../../domain/backups/verify-report.ts";
import { type Instant, parseInstant } from "../../domain/instant.ts";
import { describeCount, describeSize } from "../../domain/plain-words.ts";
import { ago } from "./moment.ts";

/** "1.80 GB read; 2.00 GB of 2.00 GB are used up for today. Of 40 copies, the one longest unread was read 12 d ago." */
export function describeReading(reading: ReadingReport, { now }: { readonly now: Instant }): string {
  const { budgetBytes, readBytes, usedBytes, copies, late, oldestReadAt } = reading;
  const limit =
    budgetBytes === null ? "" : `, ${describeSize(usedBytes)} of ${describeSize(budgetBytes)} today`;
  const oldest = oldestReadAt === null ? null : parseInstant(oldestReadAt);
  const rest =
    oldest === null
      ? ""
      : ` Of ${describeCount(copies, "copy", "copies")}, the one longest unread was read ${ago(Math.max(0, now - oldest))}`;
  const waiting = late === 0 ? "" : `, and ${late} ${late === 1 ? "is" : "are"} overdue`;
  return `${describeSize(readBytes)} read${limit}.${rest}${rest === "" ? "" : `${waiting}.`}`;
}
