import type { Instant } from "../../domain/instant.ts";
import type { CapsuleJob, PostgresJob } from "../../domain/jobs/job.ts";
import { previousSlot } from "../../domain/slots/schedule.ts";
import { sleep } from "../../platform/clock.ts";
import type { Context } from "../context.ts";
import { closeDeadRuns } from "../dead-runs.ts";

/** The database jobs of a capsule's set. */
export function databasesOfSet({ jobs }: Pick<Context, "jobs">, { set }: CapsuleJob): readonly PostgresJob[] {
  if (set === null) return [];
  return jobs.flatMap((job) => (job.kind === "postgres" && job.set === set ? [job] : []));
}

export interface Awaiting {
  /** Null: by hand, when nobody is expected. */
  readonly slot: Instant | null;
  readonly signal: AbortSignal;
  /** Called now and then: this is no stall. */
  readonly touch: () => void;
}

const pollMs = 500;
/** Between the runs of a job with several databases there is a moment without a run. */
const quietMs = 1000;
/** A database that is planned for the same moment may start a little later than we do. */
const startMs = 2 * 60_000;

/**
 * Waits until no database job of the set is running, so that files are walked after the snapshot and the backup that
 * they belong to is known; also for one that is due by now and has not begun, for two minutes. Throws the signal's reason.
 */
export async function awaitDatabases(context: Context, job: CapsuleJob, given: Awaiting): Promise<void> {
  const databases = databasesOfSet(context, job);
  const untilMs = context.clock.monotonicMs() + startMs;
  for (let isTold = false; ; ) {
    closeDeadRuns(context);
    const isOver = context.clock.monotonicMs() >= untilMs;
    const busy = databases.filter(
      (one) => isGoingOn(context, one) || (!isOver && isExpected(context, one, given.slot)),
    );
    if (busy.length === 0) return;
    const names = busy.map(({ name }) => name).join(", ");
    if (!isTold)
      context.log.info({ job: job.name }, `waits for ${names}: files are walked after the snapshot`);
    isTold = true;
    given.touch();
    await sleep(context.clock, pollMs, given.signal);
  }
}

/** A run that goes on, or one that has only just ended and may be followed by the next database's. */
function isGoingOn({ catalog, clock }: Context, { name, databases }: PostgresJob): boolean {
  const [newest] = catalog.runs({ job: name, limit: 1 });
  if (newest === undefined) return false;
  if (catalog.runs({ job: name, unfinishedOnly: true }).length > 0) return true;
  const isOne = databases.kind === "named" && databases.names.length === 1;
  const sinceMs = newest.finishedAt === null ? 0 : clock.now() - newest.finishedAt;
  return !isOne && sinceMs >= 0 && sinceMs < quietMs;
}

/** Its newest slot is as new as ours, and nobody has decided about it yet. */
function isExpected(context: Context, job: PostgresJob, slot: Instant | null): boolean {
  const schedule = context.scheduleOf(job);
  if (slot === null || schedule === null) return false;
  const due = previousSlot(schedule, context.clock.now());
  if (due === null || context.clock.now() - due > startMs) return false;
  return context.catalog.slots({ job: job.name, since: due, limit: 1 }).length === 0;
}
