import { Failure } from "../domain/failure.ts";
import type { Instant } from "../domain/instant.ts";
import type { Job } from "../domain/jobs/job.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { SchedulePlan } from "./create-scheduler.ts";
import { createGoing, type Going, notStarted, type Waiting } from "./going.ts";
import type { RunningJob } from "./scheduler.ts";

/** The one queue of everything that is to be run, by slot or by hand, and what runs now. */
export interface Runs extends Pick<Going, "slotOf" | "running" | "listen" | "settled"> {
  /** By slot. A newer slot of a job that still waits takes the place of the older one. */
  offer(job: Job, slot: Instant): void;
  /** By hand; see Scheduler.request. */
  request(name: string): Promise<RunningJob>;
  cancel(name: string): boolean;
  /** Starts nothing more; those who wait are refused. */
  close(): void;
  /** Asks everything that runs to end. */
  interrupt(): void;
}

export interface RunsParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly plan: () => SchedulePlan;
  /** Something has ended: there may be something else to do. */
  readonly onEnded: () => void;
}

const nobody: Waiting["asked"] = { started: () => undefined, refused: () => undefined };

/** See Runs. */
export function createRuns({ clock, log, plan, onEnded }: RunsParts): Runs {
  let queue: readonly Waiting[] = [];
  let isClosed = false;
  const going = createGoing({
    clock,
    log,
    onEnded() {
      onEnded();
      pump();
    },
  });

  function pump(): void {
    for (const waiting of queue) {
      if (isClosed || going.count() >= plan().concurrency) return;
      if (!going.hasRoomFor(waiting.job)) continue;
      queue = queue.filter((one) => one !== waiting);
      going.begin(waiting, plan().starter);
    }
  }

  return {
    slotOf: going.slotOf,
    running: going.running,
    listen: going.listen,
    settled: going.settled,
    interrupt: () => void going.interrupt(ending),
    offer(job, slot) {
      queue = withSlot(queue, job, slot);
      pump();
    },
    request: (name) =>
      new Promise((started, refused) => {
        const job = plan().jobs.find((one) => one.name === name);
        const isBusy = going.slotOf(name) !== undefined || queue.some((one) => one.job.name === name);
        if (!job) return refused(unknownJob(name));
        if (isClosed) return refused(ending(name));
        if (isBusy) return refused(busy(name));
        queue = [...queue, { job, slot: null, asked: { started, refused } }];
        pump();
      }),
    cancel(name) {
      const waits = queue.find((one) => one.job.name === name && one.slot === null);
      waits?.asked.refused(notStarted(name, "it was cancelled before it began"));
      queue = queue.filter((one) => one !== waits);
      return going.interrupt(cancelled, name) || waits !== undefined;
    },
    close() {
      isClosed = true;
      for (const { job, asked } of queue) asked.refused(ending(job.name));
      queue = [];
    },
  };
}

/** One that waits by hand keeps its place: the run that was asked for answers the slot as well. */
function withSlot(queue: readonly Waiting[], job: Job, slot: Instant): readonly Waiting[] {
  const waits = queue.find((one) => one.job.name === job.name);
  if (!waits) return [...queue, { job, slot, asked: nobody }];
  const newest = waits.slot !== null && waits.slot > slot ? waits.slot : slot;
  return queue.map((one) => (one === waits ? { ...one, slot: newest } : one));
}

function unknownJob(name: string): Failure {
  return new Failure("usage.unknown-job", `Cannot find job "${name}": the config has no such job`, {
    hint: "Name a job of the config.",
  });
}

function busy(name: string): Failure {
  return new Failure("run.busy", `Cannot run "${name}": it runs already, or waits for its turn`, {
    hint: "Wait until it has ended.",
  });
}

function cancelled(name: string): Failure {
  return new Failure("run.interrupted", `Cannot finish "${name}": somebody has asked it to end`);
}

function ending(name: string): Failure {
  return new Failure("run.interrupted", `Cannot run "${name}": the scheduler is ending`, {
    hint: "Start it again when the service is back.",
  });
}
