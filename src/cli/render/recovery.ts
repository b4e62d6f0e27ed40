import type { ReportedRecovery } from "../../domain/health/status-report.ts";
import { type Instant, parseInstant } from "../../domain/instant.ts";
import { describeDuration } from "../../domain/plain-words.ts";
import { describeDay } from "./moment.ts";

/** Where a measurement is shown. */
export interface RecoverySurroundings {
  readonly now: Instant;
  readonly timezone: string;
}

/** A range this narrow says no more than "about". */
const sure = 1.1;

/** "about 2 min 10 s (measured Sunday)", with the range where the measurements leave one open. */
export function describeRecovery(
  recovery: ReportedRecovery,
  { now, timezone }: RecoverySurroundings,
): string {
  const { estimateMs, lowMs, highMs, measuredAt } = recovery;
  const at = parseInstant(measuredAt);
  const day = at === null ? measuredAt : describeDay(at, now, timezone);
  const range = highMs <= sure * lowMs ? "" : `${describeDuration(lowMs)} to ${describeDuration(highMs)}, `;
  return `about ${describeDuration(estimateMs)} (${range}measured ${day})`;
}
