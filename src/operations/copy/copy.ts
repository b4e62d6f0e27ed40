import type { BackupRow } from "../../catalog/catalog.ts";
import { Failure } from "../../domain/failure.ts";
import { type BackupJob, demandBackupJob, leavesBackups } from "../../domain/jobs/job.ts";
import { type Context, destinationNamed, jobNamed } from "../context.ts";
import type { CopyMade, CopyOptions } from "../copy-requests.ts";
import { closeDeadRuns } from "../dead-runs.ts";
import { findBackup } from "../find-backup.ts";
import { lockJob } from "../run/job-lock.ts";
import { recover } from "../run/recover.ts";
import { patiently } from "../run/run.ts";
import { startWatch, underWatch } from "../run/watch.ts";
import { bringUpMissing } from "./bring-up.ts";
import { basisOf } from "./copy-report.ts";
import { findMissing, type MissingCopies, type MissingCopy, type UnwantedCopy } from "./find-missing.ts";

/**
 * Brings up copies that are missing, job by job, each under its lock and after what dead runs left was put right. What
 * cannot be copied stops nothing else; it is in the reports. Throws for wrong names, for a single job that is busy
 * ("run.busy"), and the signal's reason.
 */
export async function copy(context: Context, options: CopyOptions): Promise<readonly CopyMade[]> {
  closeDeadRuns(context);
  for (const name of [options.to, options.from]) if (name !== null) destinationNamed(context, name);
  const named = options.backups.map((name) => findBackup(context, name));
  const jobs = jobsOf(context, options, named);
  const reports: CopyMade[] = [];
  for (const job of jobs) {
    options.signal.throwIfAborted();
    const own = options.backups.length === 0 ? null : named.filter((row) => row.job === job.name);
    reports.push(...(await copyJob(context, job, { options, named: own })));
  }
  return reports;
}

function jobsOf(
  context: Context,
  { job, to }: CopyOptions,
  named: readonly BackupRow[],
): readonly BackupJob[] {
  const names = job === null ? named.map((row) => row.job) : [job];
  const jobs =
    names.length > 0
      ? [...new Set(names)].map((name) => demandBackupJob(jobNamed(context, name), "copy"))
      : context.jobs.filter((one) => leavesBackups(one));
  const [first] = jobs.filter((one) => to !== null && !one.to.includes(to));
  if (names.length === 0 || first === undefined) return jobs;
  throw new Failure("usage.refused", `Cannot copy to "${to}": "${first.name}" does not back up to it`, {
    hint: `Add it to jobs.${first.name}.to first.`,
  });
}

interface Wanted {
  readonly options: CopyOptions;
  /** Null: whatever is missing. */
  readonly named: readonly BackupRow[] | null;
}

async function copyJob(outer: Context, job: BackupJob, wanted: Wanted): Promise<readonly CopyMade[]> {
  const { options } = wanted;
  if (options.dryRun) {
    const { missing, unwanted } = chosen(findMissing(outer, job, options), wanted);
    return [...missing.map(planned), ...unwanted.map(skipped)];
  }
  const context = patiently(outer, job);
  const runId = context.newRunId();
  const { signal } = options;
  const lock = await lockJob(context, {
    job: job.name,
    runId,
    waitMs: 0,
    signal,
    doing: `copy backups of "${job.name}"`,
  });
  try {
    const watch = startWatch(context.clock, signal, {
      job: job.name,
      timeoutMs: null,
      stallMs: null,
    });
    return await underWatch(watch, async () => {
      for (const line of await recover(context, job, watch.signal)) context.log.info({}, line);
      const { missing, unwanted } = chosen(findMissing(context, job, options), wanted);
      const made = await bringUpMissing(context, job, { missing, watch });
      return [...made, ...unwanted.map(skipped)];
    });
  } finally {
    lock.release();
  }
}

/** Of what was not named, only what is missing is told. */
function chosen(found: MissingCopies, { named }: Wanted): MissingCopies {
  if (named === null) return { missing: found.missing, unwanted: [] };
  const ids = new Set(named.map(({ id }) => id));
  return {
    missing: found.missing.filter(({ row }) => ids.has(row.id)),
    unwanted: found.unwanted.filter(({ row }) => ids.has(row.id)),
  };
}

function planned({ row, destination, sources }: MissingCopy): CopyMade {
  return { ...basisOf(row, destination), from: sources[0]?.destination ?? null, outcome: "planned" };
}

function skipped({ row, destination, reason }: UnwantedCopy): CopyMade {
  return { ...basisOf(row, destination), outcome: "skipped", warnings: [reason], exit: 3 };
}
