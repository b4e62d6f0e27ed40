import { messageOf } from "../../domain/failure.ts";
import { type Job, leavesBackups } from "../../domain/jobs/job.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import type { Context } from "../context.ts";
import { startWatch, underWatch } from "../run/watch.ts";
import { bringUpMissing } from "./bring-up.ts";
import { findMissing } from "./find-missing.ts";

interface AfterRun {
  /** Of the run that is just over; its job's lock is still held. */
  readonly reports: readonly RunReport[];
  readonly signal: AbortSignal;
}

/**
 * After a job's run, the copies that never came to its destinations, of this backup and of earlier ones, within the
 * time that a run of the job may take. What came and is gone was taken by somebody: that is told, and brought back
 * only when it is asked for. A destination that this run could not use is left to the next one. Never throws:
 * whatever comes of it, the run is over; what still lacks is told by status and alerts.
 */
export async function catchUp(context: Context, job: Job, { reports, signal }: AfterRun): Promise<void> {
  if (!leavesBackups(job) || job.to.length < 2 || signal.aborted) return;
  try {
    const away = new Set(
      reports.flatMap(({ copies }) => copies.filter(isAway)).map((copy) => copy.destination),
    );
    const found = findMissing(context, job, { to: null, from: null });
    const missing = found.missing.filter(({ row, destination }) => {
      const wasThere = row.copies.some((copy) => copy.destination === destination);
      return !wasThere && !away.has(destination);
    });
    if (missing.length === 0) return;
    const limits = { job: job.name, timeoutMs: job.timeoutMs, stallMs: null };
    const watch = startWatch(context.clock, signal, limits);
    await underWatch(watch, () => bringUpMissing(context, job, { missing, watch }));
  } catch (error) {
    context.log.warn({ job: job.name, error: messageOf(error) }, "could not bring up all missing copies");
  }
}

/** One that only fell behind may have caught its breath. */
function isAway({ failure }: RunReport["copies"][number]): boolean {
  return failure !== null && failure.code !== "destination.lagging";
}
