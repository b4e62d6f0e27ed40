import type { Clock } from "../../platform/clock.ts";

/** Calls off what no longer moves. */
export interface Stall {
  /** Something has moved. */
  touch(): void;
  /** Always call it, else the timer keeps the process alive. May be called twice. */
  stop(): void;
}

/** `onStall` is called once, when `isWaiting` and nothing has moved for so long; a limit of null is none. */
export function watchForStall(
  clock: Clock,
  stallMs: number | null,
  { isWaiting, onStall }: { readonly isWaiting: () => boolean; readonly onStall: () => void },
): Stall {
  if (stallMs === null) return { touch: () => undefined, stop: () => undefined };
  let touchedMs = clock.monotonicMs();
  let cancel = arm(stallMs, stallMs);

  function arm(limitMs: number, delayMs: number): () => void {
    return clock.after(delayMs, () => {
      if (!isWaiting()) touchedMs = clock.monotonicMs();
      const quietMs = clock.monotonicMs() - touchedMs;
      if (quietMs >= limitMs) onStall();
      else cancel = arm(limitMs, limitMs - quietMs);
    });
  }

  return {
    touch() {
      touchedMs = clock.monotonicMs();
    },
    stop: () => cancel(),
  };
}
