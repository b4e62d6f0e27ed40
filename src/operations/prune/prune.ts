import type { BackupRow } from "../../catalog/catalog.ts";
import { asFailure, Failure } from "../../domain/failure.ts";
import { type BackupJob, demandBackupJob, type Job, leavesBackups } from "../../domain/jobs/job.ts";
import { removesMost, type Verdict } from "../../domain/retention/retention.ts";
import type { PlannedCopy } from "../../domain/retention/retention-plan.ts";
import { type Context, jobNamed } from "../context.ts";
import { closeDeadRuns } from "../dead-runs.ts";
import type { PruneOptions, PruneReport } from "../operation.ts";
import { lockJob } from "../run/job-lock.ts";
import { carryOut } from "./carry-out.ts";
import { findBackups, noteLost } from "./find-backups.ts";
import { planJob } from "./plan-job.ts";
import { reportTrouble, reportVerdict } from "./prune-report.ts";
import { finishRemovals } from "./remove-copy.ts";
import type { Unseen } from "./survey.ts";

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
    const found = await findBackups(context, job, { dryRun: true, only: "all" });
    const verdicts = planJob(context, job, { found, current: null }).flat();
    return [
      ...verdicts.map((verdict) => reportVerdict(job, verdict)),
      ...found.unseen.map((one) => reportTrouble(job, one)),
    ];
  }
  const wish = { job: job.name, runId: context.newRunId(), waitMs: 0, signal: options.signal };
  const lock = await lockJob(context, wish);
  try {
    await finishRemovals(context, job, options.signal);
    const found = await findBackups(context, job, { dryRun: false, only: "all" });
    noteLost(context, job, found);
    const plans = planJob(context, job, { found, current: null });
    demandConsent(job, plans, options.yes);
    const reports = await carryOut(context, job, { verdicts: plans.flat(), signal: options.signal });
    options.signal.throwIfAborted();
    if (reports.every(({ failure }) => failure === null)) endStuck(context, job, found);
    return [...reports, ...found.unseen.map((one) => reportTrouble(job, one))];
  } finally {
    lock.release();
  }
}

/** Somebody has pruned by hand what runs refused to; not at destinations that were away. */
function endStuck(
  { catalog }: Context,
  { name }: BackupJob,
  { rows, unseen }: { readonly rows: readonly BackupRow[]; readonly unseen: readonly Unseen[] },
): void {
  const away = new Set(unseen.map(({ destination }) => destination));
  for (const database of new Set(rows.map((row) => row.database)))
    for (const row of catalog.troubles(name, database))
      if (row.kind === "pruning" && !away.has(row.destination)) catalog.endTrouble(row);
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
