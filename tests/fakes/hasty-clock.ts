import type { Clock } from "../../src/platform/clock.ts";
import { createHandClock } from "./hand-clock.ts";

/** A clock for whose timers nobody waits: each is due in the next turn, and the time is then as late as it said. */
export function hastyClock(): Clock {
  const clock = createHandClock();
  return {
    ...clock,
    after(delayMs, call) {
      const turn = setImmediate(() => {
        clock.advance(delayMs);
        call();
      });
      return () => clearImmediate(turn);
    },
  };
}
