import { asFailure, Failure } from "../domain/failure.ts";
import { formatInstant, type Instant } from "../domain/instant.ts";
import type { Job } from "../domain/jobs/job.ts";
import { mayOverlap } from "../domain/jobs/lane.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { RunEvent, RunningJob, RunStarter } from "./scheduler.ts";

/** What waits for its turn. */
export interface Waiting {
  readonly job: Job;
  /** Null: by hand. */
  readonly slot: Instant | null;
  /** Whoever asked, if somebody did. Each may be called after the other; the first counts. */
  readonly asked: { readonly started: (run: RunningJob) => void; readonly refused: (why: Failure) => void };
}

/** What runs now, and who hears of it. */
export interface Going {
  count(): number;
  /** Whether it may run beside all that runs now. */
  hasRoomFor(job: Job): boolean;
  begin(waiting: Waiting, starter: RunStarter): void;
  /** What a job runs for now; null: by hand; undefined: it does not run. */
  slotOf(name: string): Instant | null | undefined;
  running(): readonly RunningJob[];
  listen(listener: (event: RunEvent) => void): () => void;
  /** Asks a job's run to end, or all of them; false when there is none. */
  interrupt(why: (job: string) => Failure, only?: string): boolean;
  /** Settles when nothing runs. */
  settled(): Promise<void>;
}

export interface GoingParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly onEnded: () => void;
}

interface One {
  readonly job: Job;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
  run: RunningJob;
}

/** See Going. */
export function createGoing({ clock, log, onEnded }: GoingParts): Going {
  const going = new Map<string, One>();
  const listeners = new Set<(event: RunEvent) => void>();

  const tell = (event: RunEvent) => {
    const one = going.get(event.job);
    if (one && event.kind === "started") one.run = { ...one.run, runId: event.runId };
    if (one && event.kind === "progress") one.run = { ...one.run, progress: event.progress };
    logEvent(log, event);
    for (const listener of listeners) callSafely(listener, event, log);
  };
  const begin = ({ job, slot, asked }: Waiting, starter: RunStarter) => {
    const controller = new AbortController();
    const onEvent = (event: RunEvent) => {
      tell(event);
      const run = going.get(job.name)?.run;
      if (event.kind === "started" && run) asked.started(run);
    };
    const wish = { job: job.name, slot, onEvent, signal: controller.signal };
    const ended = Promise.resolve() // so that it is known to run before it tells of itself
      .then(() => starter.start(wish))
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
        onEnded();
      });
    const run = { job: job.name, runId: "", slot, startedAt: clock.now(), progress: null };
    going.set(job.name, { job, controller, ended, run });
  };

  return {
    begin,
    count: () => going.size,
    hasRoomFor: (job) => [...going.values()].every((other) => mayOverlap(job, other.job)),
    slotOf: (name) => going.get(name)?.run.slot,
    running: () => [...going.values()].map(({ run }) => run).filter(({ runId }) => runId !== ""),
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    interrupt(why, only) {
      const asked = [...going.values()].filter(({ job }) => only === undefined || job.name === only);
      for (const { job, controller } of asked) controller.abort(why(job.name));
      return asked.length > 0;
    },
    async settled() {
      while (going.size > 0) await Promise.all([...going.values()].map(({ ended }) => ended));
    },
  };
}

/** Why somebody who asked for a run gets none. */
export function notStarted(name: string, seen: string): Failure {
  return new Failure("run.died", `Cannot run "${name}": ${seen}`, {
    hint: `Read why with "codex-backup logs --job ${name}".`,
  });
}

function logEvent(log: Log, event: RunEvent): void {
  const { job, runId } = event;
  if (event.kind === "started") {
    const slot = event.slot === null ? null : formatInstant(event.slot);
    log.info({ job, runId, slot }, `${job}: started`);
  }
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
