import { Failure } from "../domain/failure.ts";
import type { Clock } from "../platform/clock.ts";

/** No attempt takes longer, whatever the other side does. */
export const attemptLimitMs = 10_000;

/** What every way out needs of its surroundings. */
export interface DeliveryDeps {
  readonly clock: Clock;
  /** Of programs that are started: nothing else is inherited. */
  readonly childEnv: Readonly<Record<string, string>>;
  /** Of one attempt; default attemptLimitMs. */
  readonly limitMs?: number;
}

/**
 * Runs one attempt under a signal that is aborted by the caller's (with its reason) or by the limit (with
 * "alerts.unreachable"). Settles at once then, so that no library's slowness is waited for.
 */
export async function withLimit<Result>(
  {
    target,
    signal,
    deps,
  }: { readonly target: string; readonly signal: AbortSignal; readonly deps: DeliveryDeps },
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limitMs = deps.limitMs ?? attemptLimitMs;
  const limit = new AbortController();
  const cancel = deps.clock.after(limitMs, () => limit.abort(lateFailure(target, limitMs)));
  const either = AbortSignal.any([signal, limit.signal]);
  try {
    either.throwIfAborted();
    return await Promise.race([work(either), rejectionOf(either)]);
  } finally {
    cancel();
  }
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function lateFailure(target: string, limitMs: number): Failure {
  return new Failure(
    "alerts.unreachable",
    `Cannot deliver to "${target}": no answer within ${limitMs / 1000} s`,
    {
      hint: "Look whether the other side works and can be reached from here.",
    },
  );
}
