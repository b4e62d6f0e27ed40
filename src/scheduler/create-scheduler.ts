import { messageOf } from "../domain/failure.ts";
import type { Job } from "../domain/jobs/job.ts";
import type { Operations } from "../operations/operation.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import { createRuns, type Runs } from "./runs.ts";
import type { RunStarter, Scheduler } from "./scheduler.ts";
import { createTick, longestMs, shortestMs } from "./tick.ts";

/** What the scheduler goes by; replaced as a whole when the config is read anew. */
export interface SchedulePlan {
  readonly jobs: readonly Job[];
  readonly concurrency: number;
  readonly drainMs: number;
  readonly operations: Pick<Operations, "decideSlots" | "skipSlot" | "reconcile">;
  readonly starter: RunStarter;
}

export interface SchedulerParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Asked anew each time. */
  readonly plan: () => SchedulePlan;
}

/** A scheduler and what `serve` needs of it beside. */
export interface LiveScheduler extends Scheduler {
  /** Looks at the slots now, as after a new config. */
  wake(): void;
  /** Why it cannot be relied on now; null while it ticks. */
  trouble(): string | null;
}

/**
 * The loop: asks what is due, has it started, and waits for the next moment by the wall clock. All decisions
 * are the operations'; a slot that could not be started is tried again later, ever more slowly.
 */
export function createScheduler(parts: SchedulerParts): LiveScheduler {
  const { clock, log, plan } = parts;
  let isWoken = false;
  let endRest: () => void = () => undefined;
  const wake = () => {
    isWoken = true;
    endRest();
  };
  let tickedMs: number | null = null;
  const runs = createRuns({ clock, log, plan, onEnded: wake });
  const tick = createTick(parts, runs, () => {
    tickedMs = clock.monotonicMs();
  });

  async function work(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", runs.close, { once: true });
    await putRight(parts, signal);
    while (!signal.aborted) {
      isWoken = false;
      const delayMs = await tick();
      await restUntil(signal, delayMs);
    }
    runs.close();
    await drain(runs, parts);
  }

  /** Woken early, also during the look before, it still rests for the shortest time. */
  async function restUntil(signal: AbortSignal, delayMs: number): Promise<void> {
    await rest(clock, signal, {
      ms: isWoken ? 0 : Math.max(0, delayMs - shortestMs),
      onWakeable: (end) => {
        endRest = end;
      },
    });
    endRest = () => undefined;
    await rest(clock, signal, { ms: shortestMs, onWakeable: () => undefined });
  }

  return {
    work,
    request: runs.request,
    running: runs.running,
    listen: runs.listen,
    cancel: runs.cancel,
    wake,
    trouble() {
      if (tickedMs === null) return "the scheduler has not begun yet";
      const quietMs = clock.monotonicMs() - tickedMs;
      return quietMs > 3 * longestMs
        ? `the scheduler has not moved for ${Math.round(quietMs / 1000)} s`
        : null;
    },
  };
}

async function putRight({ log, plan }: SchedulerParts, signal: AbortSignal): Promise<void> {
  try {
    for (const line of await plan().operations.reconcile(signal)) log.warn({}, line);
  } catch (error) {
    log.error({}, `cannot put right what was left: ${messageOf(error)}`);
  }
}

interface Rest {
  readonly ms: number;
  /** Is given what ends the rest early. */
  readonly onWakeable: (end: () => void) => void;
}

/** Settles after a time, when it is woken, or when the signal comes; never rejects. */
function rest(clock: Clock, signal: AbortSignal, { ms, onWakeable }: Rest): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener("abort", end, { once: true });
    onWakeable(end);
    if (signal.aborted) end();
  });
}

/** Waits for what runs, and after a time asks it to end. */
async function drain(runs: Runs, { clock, log, plan }: SchedulerParts): Promise<void> {
  const { drainMs } = plan();
  const names = runs.running().map(({ job }) => job);
  if (names.length > 0) log.info({ jobs: names, drainMs }, "waiting for what runs");
  const cancel = clock.after(drainMs, () => {
    log.warn({}, "what runs is asked to end: it took longer than scheduler.drain");
    runs.interrupt();
  });
  await runs.settled();
  cancel();
}
