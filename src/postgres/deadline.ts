import type { Clock } from "../platform/clock.ts";

/**
 * Does work that must also be done after the run's own signal was raised (ending leftovers, dropping what is
 * half-made), with a limit of its own.
 */
export async function underDeadline<T>(
  clock: Clock,
  limitMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const cancel = clock.after(limitMs, () =>
    limit.abort(new Error(`it took longer than ${limitMs / 1000} s`)),
  );
  try {
    return await work(limit.signal);
  } finally {
    cancel();
  }
}
