import type { Instant } from "../domain/instant.ts";
import type { Clock } from "../platform/clock.ts";

/** How often a slot was handed to a run and is due all the same: its process could not start, or died. */
export interface Attempts {
  /** True at once for a new slot; for the same again after a pause that doubles each time. */
  mayTry(job: string, slot: Instant): boolean;
}

const firstPauseMs = 30_000;
const longestPauseMs = 30 * 60_000;

/**
 * A slot that could not be started is tried again later and later, from 30 seconds to half an hour; a new slot at
 * once.
 */
export function createAttempts(clock: Pick<Clock, "monotonicMs">): Attempts {
  const last = new Map<string, { readonly slot: Instant; readonly atMs: number; readonly pauseMs: number }>();
  return {
    mayTry(job, slot) {
      const now = clock.monotonicMs();
      const before = last.get(job);
      if (before?.slot !== slot) {
        last.set(job, { slot, atMs: now, pauseMs: firstPauseMs });
        return true;
      }
      if (now - before.atMs < before.pauseMs) return false;
      last.set(job, { slot, atMs: now, pauseMs: Math.min(longestPauseMs, before.pauseMs * 2) });
      return true;
    },
  };
}
