import { type Instant, instant } from "../../src/domain/instant.ts";
import type { Clock } from "../../src/platform/clock.ts";

/** A clock that stands still until a test moves it. */
export interface HandClock extends Clock {
  /** Moves on, and calls what is due by then, in order. */
  advance(ms: number): void;
  /** Sets the wall clock, as an operator or NTP does: timers go on as they were. */
  set(moment: Instant): void;
}

export function createHandClock(start: Instant = instant(Date.UTC(2026, 10, 23, 1, 0, 0))): HandClock {
  let wallMs: number = start;
  let monotonicMs = 0;
  const waiting = new Set<{ readonly dueMs: number; readonly call: () => void }>();
  return {
    now: () => instant(wallMs),
    monotonicMs: () => monotonicMs,
    after(delayMs, call) {
      const one = { dueMs: monotonicMs + delayMs, call };
      waiting.add(one);
      return () => waiting.delete(one);
    },
    advance(ms) {
      wallMs += ms;
      monotonicMs += ms;
      const due = [...waiting].filter(({ dueMs }) => dueMs <= monotonicMs).sort((a, b) => a.dueMs - b.dueMs);
      for (const one of due) {
        waiting.delete(one);
        one.call();
      }
    },
    set(moment) {
      wallMs = moment;
    },
  };
}
