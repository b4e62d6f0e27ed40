import { type Instant, instant } from "../domain/instant.ts";

/** The only door to time. Tests pass a clock that they move by hand. */
export interface Clock {
  now(): Instant;
  /** Milliseconds of a clock that never jumps; only differences mean something. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`; the returned function cancels (may be called twice). */
  after(delayMs: number, call: () => void): () => void;
}

/** A wait of more than 24.8 days fires then already; who waits so long looks again. */
export function createSystemClock(): Clock {
  return {
    now: () => instant(Date.now()),
    monotonicMs: () => performance.now(),
    after(delayMs, call) {
      const timer = setTimeout(call, Math.min(delayMs, 2 ** 31 - 1));
      return () => clearTimeout(timer);
    },
  };
}

/** Resolves after `delayMs`, or rejects with the signal's reason. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
