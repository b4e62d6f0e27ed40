import type { Operations } from "../operations/operation.ts";
import type { RunningJob, Scheduler } from "../scheduler/scheduler.ts";

type Run = Awaited<ReturnType<Operations["findRun"]>>;

/**
 * What this scheduler does that a run is part of: a job of several databases makes a run for each, and is known by
 * the first. Null when another process makes the run. `row`: null when it has none yet.
 */
export function findRunning(
  scheduler: Pick<Scheduler, "running">,
  runId: string,
  row: Run | null,
): RunningJob | null {
  const isPartOf = ({ job, startedAt }: RunningJob) =>
    row !== null && row.job === job && row.startedAt >= startedAt;
  return scheduler.running().find((one) => one.runId === runId || isPartOf(one)) ?? null;
}
