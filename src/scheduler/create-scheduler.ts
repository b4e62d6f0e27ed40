import { messageOf } from "../domain/failure.ts";
import { formatInstant, type Instant } from "../domain/instant.ts";
import type { Job } from "../domain/job.ts";
import type { JobSlots, Operations } from "../operations/operation.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import { createAttempts } from "./attempts.ts";
import { createQuietLog } from "./quiet-log.ts";
import { createRuns, type Runs } from "./runs.ts";
import type { RunStarter, Scheduler } from "./scheduler.ts";

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

/** Timers are never longer: a clock that was set, or a machine that slept, is noticed within this. */
const longestMs = 60_000;
/** Never shorter: whatever the clock does, the loop rests in between. */
const shortestMs = 1000;

/**
 * The loop: asks what is due, has it started, and waits for the next moment by the wall clock. All decisions
 * are the operations'; a slot that could not be started is tried again later, ever more slowly.
 */
export function createScheduler(parts: SchedulerParts): LiveScheduler {
  const { clock, log, plan } = parts;
  const quiet = createQuietLog(log, clock);
  const attempts = createAttempts(clock);
  let wake: () => void = () => undefined;
  let tickedMs: number | null = null;
  const runs = createRuns({ clock, log, plan, onEnded: () => wake() });

  async function tick(): Promise<number> {
    try {
      const all = await plan().operations.decideSlots();
      tickedMs = clock.monotonicMs();
      for (const slots of all) await act(slots);
      return delayUntil(all, clock.now());
    } catch (error) {
      quiet.warn("tick", `cannot look at the slots: ${messageOf(error)}`);
      return longestMs;
    }
  }

  async function act({ job: name, due, passed }: JobSlots): Promise<void> {
    for (const { slot, state, reason } of passed.slice(-1)) {
      const more = passed.length > 1 ? ` (and ${passed.length - 1} before it)` : "";
      quiet.warn(`${name}/${state}`, `${name}: slot ${formatInstant(slot)} ${state}${more}: ${reason}`);
    }
    const job = plan().jobs.find((one) => one.name === name);
    if (due === null || !job) return;
    const current = runs.slotOf(name);
    if (current === undefined) {
      if (attempts.mayTry(name, due)) runs.offer(job, due);
    } else if (current !== due) {
      quiet.warn(`${name}/busy`, `${name}: slot ${formatInstant(due)} skipped: busy`);
      await plan().operations.skipSlot(name, { slot: due, reason: "busy" });
    }
  }

  async function work(signal: AbortSignal): Promise<void> {
    await putRight(signal);
    while (!signal.aborted) {
      const delayMs = await tick();
      await restUntil(signal, delayMs);
    }
    await drain(runs, parts);
  }

  async function putRight(signal: AbortSignal): Promise<void> {
    try {
      for (const line of await plan().operations.reconcile(signal)) log.warn({}, line);
    } catch (error) {
      log.error({}, `cannot put right what was left: ${messageOf(error)}`);
    }
  }

  /** Woken early, it still rests for the shortest time. */
  async function restUntil(signal: AbortSignal, delayMs: number): Promise<void> {
    await rest(clock, signal, {
      ms: Math.max(0, delayMs - shortestMs),
      onWakeable: (end) => {
        wake = end;
      },
    });
    wake = () => undefined;
    await rest(clock, signal, { ms: shortestMs, onWakeable: () => undefined });
  }

  return {
    work,
    request: runs.request,
    running: runs.running,
    listen: runs.listen,
    cancel: runs.cancel,
    wake: () => wake(),
    trouble() {
      if (tickedMs === null) return "the scheduler has not begun yet";
      const quietMs = clock.monotonicMs() - tickedMs;
      return quietMs > 3 * longestMs
        ? `the scheduler has not moved for ${Math.round(quietMs / 1000)} s`
        : null;
    },
  };
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

/** By the wall clock: asked again after each rest, so that nothing drifts. */
function delayUntil(all: readonly JobSlots[], now: Instant): number {
  const nexts = all.flatMap(({ next }) => (next === null ? [] : [next - now]));
  return Math.min(
    longestMs,
    Math.max(shortestMs, ...(nexts.length > 0 ? [Math.min(...nexts)] : [longestMs])),
  );
}

/** Starts nothing more, waits for what runs, and after a time asks it to end. */
async function drain(runs: Runs, { clock, log, plan }: SchedulerParts): Promise<void> {
  runs.close();
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
