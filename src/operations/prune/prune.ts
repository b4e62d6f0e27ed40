import type { CopyRow } from "../../catalog/catalog.ts";
import { asFailure, Failure, reportOf } from "../../domain/failure.ts";
import { type BackupJob, demandBackupJob, type Job, leavesBackups } from "../../domain/job.ts";
import { removesMost, type Verdict } from "../../domain/retention.ts";
import { type Context, jobNamed } from "../context.ts";
import { closeDeadRuns } from "../dead-runs.ts";
import type { PruneOptions, PruneReport } from "../operation.ts";
import { lockJob } from "../run/job-lock.ts";
import { compareCopies } from "./compare-copies.ts";
import { type FoundBackups, type PlannedCopy, planJob } from "./plan-job.ts";
import { reportTrouble, reportVerdict } from "./prune-report.ts";
import { finishRemovals, removeCopy } from "./remove-copy.ts";
import { surveyDestinations, type Unseen } from "./survey.ts";

/**
 * Removes what policy says is surplus, one destination after the other, under the job's lock, and only after
 * a look at what lies there: a catalog that is wrong must not cost the last good backup. What cannot be done
 * for one copy, destination or job stops no other; it is in the reports. Only what keeps a single job that
 * was asked for from being pruned is thrown: "run.busy", or "usage.refused" when more than half of its
 * backups would go at once and nobody said yes.
 */
export async function prune(context: Context, options: PruneOptions): Promise<readonly PruneReport[]> {
  closeDeadRuns(context);
  const names = [...new Set(options.jobs)];
  const jobs =
    names.length > 0
      ? names.map((name) => demandBackupJob(jobNamed(context, name), "prune"))
      : context.jobs.filter((job) => leavesBackups(job));
  const reports: PruneReport[] = [];
  for (const job of jobs) {
    try {
      reports.push(...(await pruneJob(context, job, options)));
    } catch (error) {
      if (names.length === 1 || options.signal.aborted) throw error;
      const failure = asFailure(error, "run.internal", `Cannot prune "${job.name}"`);
      reports.push(reportTrouble(job, { destination: null, failure }));
    }
  }
  return reports;
}

async function pruneJob(
  context: Context,
  job: BackupJob,
  options: PruneOptions,
): Promise<readonly PruneReport[]> {
  if (options.dryRun) {
    const found = await findBackups(context, job, options);
    const verdicts = planJob(context, job, found).flat();
    return [
      ...verdicts.map((verdict) => reportVerdict(job, verdict)),
      ...found.unseen.map((one) => reportTrouble(job, one)),
    ];
  }
  const wish = { job: job.name, runId: context.newRunId(), waitMs: 0, signal: options.signal };
  const lock = await lockJob(context, wish);
  try {
    await finishRemovals(context, job);
    const found = await findBackups(context, job, options);
    noteLost(context, found);
    const plans = planJob(context, job, found);
    demandConsent(job, plans, options.yes);
    const reports: PruneReport[] = [];
    for (const verdict of plans.flat()) {
      options.signal.throwIfAborted();
      reports.push(
        verdict.verdict === "keep" ? reportVerdict(job, verdict) : await removeOne(context, job, verdict),
      );
    }
    return [...reports, ...found.unseen.map((one) => reportTrouble(job, one))];
  } finally {
    lock.release();
  }
}

interface Found extends FoundBackups {
  readonly unseen: readonly Unseen[];
  /** What the catalog still calls whole. */
  readonly lost: readonly CopyRow[];
}

async function findBackups(context: Context, job: BackupJob, options: PruneOptions): Promise<Found> {
  const known = context.catalog.backups({ job: job.name });
  const { seen, unseen } = await surveyDestinations(context, known, options);
  const rows = compareCopies(context, known, seen);
  const unchanged = new Set(known.flatMap((row) => row.copies));
  const lost = rows.flatMap((row) => row.copies).filter((copy) => !unchanged.has(copy));
  return { rows, surveys: seen, unseen, lost };
}

/** What the listings have shown to be lost is lost for list and status too. */
function noteLost({ catalog, log }: Context, { lost }: Found): void {
  catalog.atomically(() => {
    for (const copy of lost) catalog.putCopy(copy);
  });
  for (const { backupId, destination, failure } of lost)
    log.warn({ backup: backupId, destination }, failure?.message ?? "lost");
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
  job: BackupJob,
  verdict: Verdict<PlannedCopy>,
): Promise<PruneReport> {
  const { id, destination } = verdict.backup;
  try {
    await removeCopy(context, job, verdict.backup);
    return { ...reportVerdict(job, verdict), isRemoved: true };
  } catch (error) {
    const failure = asFailure(error, "destination.io", `Cannot remove "${id}" at "${destination}"`);
    return { ...reportVerdict(job, verdict), failure: reportOf(failure), exit: failure.meaning.exit };
  }
}
