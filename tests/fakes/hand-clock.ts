import { type Instant, instant } from "../../src/domain/instant.ts";
import type { Clock } from "../../src/platform/clock.ts";

/** A clock that stands still until a test moves it. */
export interface HandClock extends Clock {
  /** Moves on, and calls what is due by then, in order. */
  advance(ms: number): void;
}

export function createHandClock(start: Instant = instant(Date.UTC(2026, 10, 23, 1, 0, 0))): HandClock {
  let nowMs: number = start;
  const waiting = new Set<{ readonly atMs: number; readonly call: () => void }>();
  return {
    now: () => instant(nowMs),
    monotonicMs: () => nowMs,
    after(delayMs, call) {
      const one = { atMs: nowMs + delayMs, call };
      waiting.add(one);
      return () => waiting.delete(one);
    },
    advance(ms) {
      nowMs += ms;
      const due = [...waiting].filter(({ atMs }) => atMs <= nowMs).sort((a, b) => a.atMs - b.atMs);
      for (const one of due) {
        waiting.delete(one);
        one.call();
      }
    },
  };
}
