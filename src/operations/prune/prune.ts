import { Failure, messageOf } from "../../domain/failure.ts";
import type { CapsuleJob, Job, PostgresJob } from "../../domain/job.ts";
import { removesMost, type Verdict } from "../../domain/retention.ts";
import { type Context, jobNamed } from "../context.ts";
import { closeDeadRuns } from "../dead-runs.ts";
import type { PruneOptions, PruneReport } from "../operation.ts";
import { lockJob } from "../run/job-lock.ts";
import { type PlannedCopy, planJob } from "./plan-job.ts";
import { finishRemovals, removeCopy } from "./remove-copy.ts";

/**
 * Removes what policy says is surplus, one destination after the other, under the job's lock. One copy that
 * cannot be removed does not stop the rest. Throws "usage.refused" when more than half would go at once and
 * nobody said yes.
 */
export async function prune(context: Context, options: PruneOptions): Promise<readonly PruneReport[]> {
  closeDeadRuns(context);
  const jobs =
    options.jobs.length > 0
      ? options.jobs.map((name) => backupJob(jobNamed(context, name)))
      : context.jobs.filter(leavesBackups);
  const reports: PruneReport[] = [];
  for (const job of jobs) reports.push(...(await pruneJob(context, job, options)));
  return reports;
}

function leavesBackups(job: Job): job is PostgresJob | CapsuleJob {
  return job.kind === "postgres" || job.kind === "capsule";
}

function backupJob(job: Job): PostgresJob | CapsuleJob {
  if (leavesBackups(job)) return job;
  throw new Failure("usage.refused", `Cannot prune "${job.name}": a ${job.kind} job leaves no backups`, {
    hint: "Name a job with backups.",
  });
}

async function pruneJob(
  context: Context,
  job: PostgresJob | CapsuleJob,
  options: PruneOptions,
): Promise<readonly PruneReport[]> {
  if (options.dryRun)
    return planJob(context, job)
      .flat()
      .map((verdict) => report(job, verdict));
  const wish = { job: job.name, runId: context.newRunId(), waitMs: 0, signal: options.signal };
  const lock = await lockJob(context, wish);
  try {
    await finishRemovals(context, job);
    const plans = planJob(context, job);
    demandConsent(job, plans, options.yes);
    const reports: PruneReport[] = [];
    for (const verdict of plans.flat()) {
      options.signal.throwIfAborted();
      reports.push(
        verdict.verdict === "keep" ? report(job, verdict) : await removeOne(context, job, verdict),
      );
    }
    return reports;
  } finally {
    lock.release();
  }
}

function demandConsent(job: Job, plans: readonly (readonly Verdict<PlannedCopy>[])[], yes: boolean): void {
  if (yes || !plans.some(removesMost)) return;
  throw new Failure(
    "usage.refused",
    `Cannot prune "${job.name}": more than half of its backups would go at once`,
    {
      hint: "Look at them with --dry-run, and say --yes when this is meant.",
    },
  );
}

async function removeOne(
  context: Context,
  job: PostgresJob | CapsuleJob,
  verdict: Verdict<PlannedCopy>,
): Promise<PruneReport> {
  try {
    await removeCopy(context, job, verdict.backup);
    return { ...report(job, verdict), isRemoved: true };
  } catch (error) {
    return { ...report(job, verdict), failure: messageOf(error) };
  }
}

function report(job: Job, { backup, verdict, reasons }: Verdict<PlannedCopy>): PruneReport {
  const { id, destination, database, sizeBytes } = backup;
  return {
    job: job.name,
    destination,
    backup: id,
    database,
    verdict,
    reasons,
    sizeBytes,
    isRemoved: false,
    failure: null,
  };
}
