import { asFailure, Failure } from "../domain/failure.ts";
import { formatInstant, type Instant } from "../domain/instant.ts";
import type { Job } from "../domain/job.ts";
import { mayOverlap } from "../domain/lane.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { SchedulePlan } from "./create-scheduler.ts";
import type { RunEvent, RunningJob } from "./scheduler.ts";

/** The one queue of everything that is to be run, by slot or by hand, and what runs now. */
export interface Runs {
  /** By slot. A newer slot of a job that still waits takes the place of the older one. */
  offer(job: Job, slot: Instant): void;
  /** By hand; see Scheduler.request. */
  request(name: string): Promise<RunningJob>;
  /** The slot that a job runs for now; null: by hand; undefined: it does not run. */
  slotOf(name: string): Instant | null | undefined;
  running(): readonly RunningJob[];
  listen(listener: (event: RunEvent) => void): () => void;
  cancel(name: string): boolean;
  /** Starts nothing more; those who wait are refused. */
  close(): void;
  /** Asks everything that runs to end. */
  interrupt(): void;
  /** Settles when nothing runs. */
  settled(): Promise<void>;
}

export interface RunsParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly plan: () => SchedulePlan;
  /** Something has ended: there may be something else to do. */
  readonly onEnded: (job: string) => void;
}

interface Waiting {
  readonly job: Job;
  readonly slot: Instant | null;
  /** By hand: whoever asked. */
  readonly asked: { readonly started: (run: RunningJob) => void; readonly refused: (why: Failure) => void };
}

interface Going {
  readonly job: Job;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
  run: RunningJob;
}

const nobody: Waiting["asked"] = { started: () => undefined, refused: () => undefined };

export function createRuns(parts: RunsParts): Runs {
  const { clock, log, plan } = parts;
  const going = new Map<string, Going>();
  const listeners = new Set<(event: RunEvent) => void>();
  let queue: readonly Waiting[] = [];
  let isClosed = false;

  const pump = () => {
    for (const waiting of queue) {
      if (isClosed || going.size >= plan().concurrency) return;
      if (![...going.values()].every((other) => mayOverlap(waiting.job, other.job))) continue;
      queue = queue.filter((one) => one !== waiting);
      begin(waiting);
    }
  };

  const tell = (event: RunEvent) => {
    const run = going.get(event.job);
    if (run && event.kind === "started") run.run = { ...run.run, runId: event.runId };
    if (run && event.kind === "progress") run.run = { ...run.run, progress: event.progress };
    logEvent(log, event);
    for (const listener of listeners) callSafely(listener, event, log);
  };

  function begin({ job, slot, asked }: Waiting): void {
    const controller = new AbortController();
    const run = { job: job.name, runId: "", slot, startedAt: clock.now(), progress: null };
    const onEvent = (event: RunEvent) => {
      tell(event);
      const current = going.get(job.name)?.run;
      if (event.kind === "started" && current) asked.started(current);
    };
    const wish = { job: job.name, slot, onEvent, signal: controller.signal };
    const ended = Promise.resolve() // so that it is known to run before it tells of itself
      .then(() => plan().starter.start(wish))
      .then((reports) => {
        const [first] = reports;
        if (first) tell({ kind: "ended", job: job.name, runId: first.runId, reports });
        asked.refused(notStarted(job.name, first?.failure?.message ?? "it ended at once"));
      })
      .catch((error: unknown) => {
        const failure = asFailure(error, "run.internal", `Cannot run "${job.name}"`);
        log.error({ job: job.name, code: failure.code }, failure.message);
        asked.refused(failure);
      })
      .finally(() => {
        going.delete(job.name);
        parts.onEnded(job.name);
        pump();
      });
    going.set(job.name, { job, controller, ended, run });
  }

  return {
    offer(job, slot) {
      const waits = queue.find((one) => one.job.name === job.name);
      if (waits) queue = queue.map((one) => (one === waits ? { ...one, slot: newer(one.slot, slot) } : one));
      else queue = [...queue, { job, slot, asked: nobody }];
      pump();
    },
    request: (name) =>
      new Promise((started, refused) => {
        const job = plan().jobs.find((one) => one.name === name);
        if (!job) return refused(unknownJob(name));
        if (isClosed) return refused(ending(name));
        if (going.has(name) || queue.some((one) => one.job.name === name)) return refused(busy(name));
        queue = [...queue, { job, slot: null, asked: { started, refused } }];
        pump();
      }),
    slotOf: (name) => going.get(name)?.run.slot,
    running: () => [...going.values()].map(({ run }) => run).filter(({ runId }) => runId !== ""),
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    cancel(name) {
      const waits = queue.find((one) => one.job.name === name && one.slot === null);
      if (waits) waits.asked.refused(notStarted(name, "it was cancelled before it began"));
      queue = queue.filter((one) => one !== waits);
      const run = going.get(name);
      run?.controller.abort(cancelled(name));
      return run !== undefined || waits !== undefined;
    },
    close() {
      isClosed = true;
      for (const { job, asked } of queue) asked.refused(ending(job.name));
      queue = [];
    },
    interrupt() {
      for (const { job, controller } of going.values()) controller.abort(ending(job.name));
    },
    async settled() {
      while (going.size > 0) await Promise.all([...going.values()].map(({ ended }) => ended));
    },
  };
}

/** One that waits by hand keeps being by hand: the run that it asks for answers the slot as well. */
function newer(before: Instant | null, slot: Instant): Instant {
  return before !== null && before > slot ? before : slot;
}

function logEvent(log: Log, event: RunEvent): void {
  const { job, runId } = event;
  if (event.kind === "started")
    log.info({ job, runId, slot: event.slot === null ? null : formatInstant(event.slot) }, `${job}: started`);
  if (event.kind !== "ended") return;
  for (const { outcome, summary, failure } of event.reports) {
    if (outcome === "complete") log.info({ job, runId }, `${job}: ${summary}`);
    else
      log.error(
        { job, runId, outcome, code: failure?.code ?? null },
        `${job}: ${failure?.message ?? summary}`,
      );
  }
}

function callSafely(listener: (event: RunEvent) => void, event: RunEvent, log: Log): void {
  try {
    listener(event);
  } catch (error) {
    log.error({ error: String(error) }, "a listener of the scheduler failed");
  }
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

function notStarted(name: string, seen: string): Failure {
  return new Failure("run.died", `Cannot run "${name}": ${seen}`, {
    hint: `Read why with "codex-backup logs --job ${name}".`,
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
