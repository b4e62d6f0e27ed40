import { type Instant, instant } from "../../src/domain/instant.ts";
import type { Clock } from "../../src/platform/clock.ts";

/** A clock whose time passes only when it is told to, and which then wakes whoever waits. */
export interface DrivenClock extends Clock {
  /** Lets so much time pass, timer by timer; what they set going has settled when it returns. */
  pass(ms: number): Promise<void>;
  /** Sets the wall clock, as an operator, NTP or a machine that slept does: timers go on as they were. */
  leap(ms: number): void;
  /** Lets time pass to the next timer and wakes whoever waits for it; false when nobody waits. */
  toNext(): boolean;
  /** How many timers have fired: a loop that is busy fires many. */
  fired(): number;
}

interface Timer {
  readonly dueMs: number;
  readonly call: () => void;
}

export function createDrivenClock(start: Instant): DrivenClock {
  let wallMs: number = start;
  let monotonicMs = 0;
  let fired = 0;
  const timers = new Set<Timer>();
  const advance = (ms: number) => {
    wallMs += ms;
    monotonicMs += ms;
  };
  const next = () => [...timers].sort((a, b) => a.dueMs - b.dueMs)[0];
  const wake = (timer: Timer) => {
    timers.delete(timer);
    fired += 1;
    advance(Math.max(0, timer.dueMs - monotonicMs));
    timer.call();
  };
  return {
    now: () => instant(wallMs),
    monotonicMs: () => monotonicMs,
    after(delayMs, call) {
      const timer = { dueMs: monotonicMs + Math.max(0, delayMs), call };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async pass(ms) {
      const untilMs = monotonicMs + ms;
      await settle();
      for (;;) {
        const timer = next();
        if (timer === undefined || timer.dueMs > untilMs) break;
        wake(timer);
        await settle();
      }
      advance(untilMs - monotonicMs);
    },
    leap(ms) {
      wallMs += ms;
    },
    fired: () => fired,
    toNext() {
      const timer = next();
      if (timer !== undefined) wake(timer);
      return timer !== undefined;
    },
  };
}

/** Everything that is ready to go on has done so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
