/** Counts what somebody does too often. */
export interface RateLimit {
  /** Counts one more; false when it is one too many. */
  take(key: string): boolean;
  /** Whether one more would be allowed; counts nothing. */
  isOpen(key: string): boolean;
  /** Whole seconds until the oldest counts no more, at least 1. */
  retryAfterS(key: string): number;
}

export interface RateLimitOptions {
  readonly limit: number;
  readonly windowMs: number;
  readonly monotonicMs: () => number;
  /** The longest silent keys are forgotten above that. */
  readonly maxKeys: number;
}

interface Window {
  readonly sinceMs: number;
  readonly count: number;
}

/** Fixed windows: at most twice the limit in any window's length, with two numbers a key. */
export function createRateLimit({ limit, windowMs, monotonicMs, maxKeys }: RateLimitOptions): RateLimit {
  const windows = new Map<string, Window>();
  const currentOf = (key: string): Window => {
    const window = windows.get(key);
    const now = monotonicMs();
    return window !== undefined && now - window.sinceMs < windowMs ? window : { sinceMs: now, count: 0 };
  };
  return {
    isOpen: (key) => currentOf(key).count < limit,
    take(key) {
      const { sinceMs, count } = currentOf(key);
      windows.delete(key); // so that the order of the map is the order of use
      windows.set(key, { sinceMs, count: count + 1 });
      const [oldest] = windows.keys();
      if (windows.size > maxKeys && oldest !== undefined) windows.delete(oldest);
      return count < limit;
    },
    retryAfterS: (key) =>
      Math.max(1, Math.ceil((windowMs - (monotonicMs() - currentOf(key).sinceMs)) / 1000)),
  };
}
