import { Failure } from "../../domain/failure.ts";
import type { Clock } from "../../platform/clock.ts";

/** Ends a run that takes too long or no longer moves. */
export interface Watch {
  /** Aborts with a Failure as its reason: the outer signal's, "run.timeout" or "run.stalled". */
  readonly signal: AbortSignal;
  /** Bytes have moved. */
  touch(): void;
  /** Always call it, else the timers keep the process alive. May be called twice. */
  stop(): void;
}

export interface WatchLimits {
  readonly job: string;
  readonly timeoutMs: number | null;
  readonly stallMs: number | null;
  /** The key of the config that raises timeoutMs; default: that of the job's runs. */
  readonly timeoutKey?: string;
}

/** The timers run from now on: end with stop, or use underWatch. A limit of null is none. */
export function startWatch(clock: Clock, outer: AbortSignal, limits: WatchLimits): Watch {
  const controller = new AbortController();
  let touchedMs = clock.monotonicMs();
  const cancels = new Map<"timeout" | "stall", () => void>();

  const onOuterAbort = () => controller.abort(outer.reason);
  if (outer.aborted) onOuterAbort();
  else outer.addEventListener("abort", onOuterAbort, { once: true });

  if (limits.timeoutMs !== null) {
    const { timeoutMs } = limits;
    cancels.set(
      "timeout",
      clock.after(timeoutMs, () => controller.abort(timedOut(limits, timeoutMs))),
    );
  }
  if (limits.stallMs !== null) armStall(limits.stallMs, limits.stallMs);

  function armStall(stallMs: number, delayMs: number): void {
    cancels.set(
      "stall",
      clock.after(delayMs, () => {
        const quietMs = clock.monotonicMs() - touchedMs;
        if (quietMs >= stallMs) controller.abort(stalled(limits.job, stallMs));
        else armStall(stallMs, stallMs - quietMs);
      }),
    );
  }

  return {
    signal: controller.signal,
    touch() {
      touchedMs = clock.monotonicMs();
    },
    stop() {
      outer.removeEventListener("abort", onOuterAbort);
      for (const cancel of cancels.values()) cancel();
      cancels.clear();
    },
  };
}

/** Does the work and stops the watch. What broke because a limit was hit is told as that limit. */
export async function underWatch<T>(watch: Watch, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw watch.signal.aborted ? watch.signal.reason : error;
  } finally {
    watch.stop();
  }
}

/** Settles as the work does, or rejects with the reason of the signal, whichever is first. */
export function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function timedOut({ job, timeoutKey }: WatchLimits, timeoutMs: number): Failure {
  return new Failure(
    "run.timeout",
    `Cannot finish "${job}": it took longer than its timeout of ${seconds(timeoutMs)}`,
    {
      hint: `Raise ${timeoutKey ?? `jobs.${job}.timeout`}, or look what held it up with "codex-backup logs --job ${job}".`,
    },
  );
}

function stalled(job: string, stallMs: number): Failure {
  return new Failure("run.stalled", `Cannot finish "${job}": no byte has moved for ${seconds(stallMs)}`, {
    hint: `See what the source or the destination was waiting for, or raise jobs.${job}.stall.`,
  });
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
