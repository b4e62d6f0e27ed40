import { type Clock, sleep } from "../../platform/clock.ts";

/** What may be saved up while nobody sends: so many milliseconds' worth. */
const burstMs = 250;
/** The rate is looked up at least so often, so that a wait begun under one rule ends under the next. */
const longestWaitMs = 1000;

export interface TokenBucket {
  /** Settles when so many bytes may pass; in the order of the calls, whoever calls. Never rejects. */
  take(bytes: number): Promise<void>;
}

/** `rate`: bytes a second that hold now; null: as many as they like. */
export function createTokenBucket(clock: Clock, rate: () => number | null): TokenBucket {
  let balance = 0;
  let filledMs = clock.monotonicMs();
  let queue = Promise.resolve();

  /** Milliseconds until the debt is paid; 0 when there is none. */
  function refill(): number {
    const now = clock.monotonicMs();
    const elapsedMs = now - filledMs;
    filledMs = now;
    const bytesPerSecond = rate();
    if (bytesPerSecond === null) {
      balance = 0;
      return 0;
    }
    balance = Math.min(balance + (bytesPerSecond * elapsedMs) / 1000, (bytesPerSecond * burstMs) / 1000);
    // Up: a wait of a fraction of a millisecond would be one of none, again and again.
    return balance >= 0 ? 0 : Math.ceil((-balance * 1000) / bytesPerSecond);
  }

  async function pay(bytes: number): Promise<void> {
    for (let waitMs = refill(); waitMs > 0; waitMs = refill()) {
      await sleep(clock, Math.min(waitMs, longestWaitMs));
    }
    balance -= bytes;
  }

  return {
    take(bytes) {
      queue = queue.then(() => pay(bytes));
      return queue;
    },
  };
}
