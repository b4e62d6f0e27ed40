import type { Instant } from "../instant.ts";
import { describeAge } from "../plain-words.ts";

/** What is known of the clock that retention must go by. */
export interface ClockHistory {
  readonly now: Instant;
  /** The last moment recorded before this run, in the order of recording; null when nothing is. */
  readonly lastSeenNow: Instant | null;
  /** Between two slots of the job; absent for one that runs by hand. */
  readonly usualIntervalMs?: number;
  /** When the job's good runs started; lets a gap in the past be noticed as long as few runs stand after it. */
  readonly goodRunsAt?: readonly Instant[];
}

/** Clocks are set by seconds all the time. */
export const clockToleranceMs = 60_000;

const twoDaysMs = 2 * 24 * 3_600_000;

/** So many good runs after a gap show that the clock is right and the job is well again. */
const runsAfterGap = 3;

/** Why the clock cannot be trusted to expire anything, in words; null when it can. */
export function clockDoubt(history: ClockHistory): string | null {
  const { now, lastSeenNow } = history;
  if (lastSeenNow !== null && lastSeenNow > now + clockToleranceMs) {
    return `the clock went back by ${describeAge(lastSeenNow - now)} since the last run`;
  }
  const gapMs = lastSeenNow === null ? 0 : now - lastSeenNow;
  if (gapMs > allowedGapMs(history)) {
    return `the clock is ${describeAge(gapMs)} ahead of the last run`;
  }
  return recentGap(history);
}

function allowedGapMs(history: ClockHistory): number {
  return Math.max(twoDaysMs, 3 * (history.usualIntervalMs ?? 0));
}

/** The night after a jump looks like any other: only the runs before it tell of the gap. */
function recentGap(history: ClockHistory): string | null {
  if (history.usualIntervalMs === undefined) return null; // by hand, gaps are usual
  const runs = (history.goodRunsAt ?? []).filter((at) => at <= history.now + clockToleranceMs);
  const newest = [...runs].sort((a, b) => b - a).slice(0, runsAfterGap + 1);
  for (const [index, at] of newest.entries()) {
    const before = newest[index + 1];
    if (before === undefined || at - before <= allowedGapMs(history)) continue;
    if (index + 1 >= runsAfterGap) return null;
    return `only ${index + 1} of ${runsAfterGap} good runs since a gap of ${describeAge(at - before)}`;
  }
  return null;
}
