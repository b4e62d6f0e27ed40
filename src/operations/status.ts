import type { BackupRow, RunRow } from "../catalog/catalog.ts";
import type { AgedBackup } from "../domain/backup-report.ts";
import { healthOf } from "../domain/health.ts";
import { formatInstant, type Instant } from "../domain/instant.ts";
import { type Job, leavesBackups } from "../domain/job.ts";
import { nextSlot, parseCron, previousSlot } from "../domain/schedule.ts";
import type { Context } from "./context.ts";
import { closeDeadRuns } from "./dead-runs.ts";
import { listDestinations } from "./initialise-destinations.ts";
import { bestLevel, isGood, newestBackup } from "./list.ts";
import type { JobStatus, StatusReport } from "./operation.ts";

/** Is every job well, what is next, and how full are the disks. Each database of a job is judged by itself. */
export async function status(context: Context): Promise<StatusReport> {
  closeDeadRuns(context);
  const jobs = context.jobs.flatMap((job) =>
    databasesOf(context, job).map((database) => statusOf(context, job, database)),
  );
  const disk = await listDestinations(context, (destination) => destination.look());
  return { jobs, disk, exit: jobs.every((job) => job.healthy) ? 0 : 6 };
}

const dayMs = 86_400_000;

/** The databases that the job is about: those named, else those that runs of the newest day were about. */
function databasesOf({ catalog }: Context, job: Job): readonly (string | null)[] {
  if (job.kind !== "postgres") return [null];
  if (job.databases.kind === "named") return job.databases.names;
  const runs = catalog.runs({ job: job.name, limit: 500 });
  const newest = runs[0]?.startedAt ?? 0;
  const recent = runs.filter((run) => run.startedAt > newest - dayMs && run.database !== null);
  const names = [...new Set(recent.map((run) => run.database))].sort();
  return names.length > 0 ? names : [null];
}

function statusOf(context: Context, job: Job, database: string | null): JobStatus {
  const now = context.clock.now();
  const runs = runsAbout(context, job, database);
  const series = { job: job.name, database };
  const good = newestBackup(context, series, isGood);
  const proven = newestBackup(context, { ...series, isProven: true }, isGood);
  const schedule = job.schedule === null ? null : parseCron(job.schedule, job.timezone);
  const health = healthOf({
    kind: job.kind,
    now,
    slotBefore: (at) => (schedule === null ? null : previousSlot(schedule, at)),
    knownSince: context.catalog.knownSince(job.name, now),
    graceMs: job.graceMs,
    maxAgeMs: job.maxAgeMs,
    usualDurationMs: usualDuration(runs),
    newestGoodAt: good?.createdAt ?? lastSuccess(job, runs),
    lastRun: lastEnded(job, runs),
  });
  const next = schedule === null ? null : nextSlot(schedule, now);
  return {
    job: job.name,
    kind: job.kind,
    database,
    healthy: health.healthy,
    reason: health.reason,
    lastRun: runs[0] ? toldRun(runs[0]) : null,
    newestGood: good === null ? null : aged(good, now),
    newestProven: proven === null ? null : aged(proven, now),
    nextSlot: next === null ? null : formatInstant(next),
    sizeBytes: good?.sizeBytes ?? null,
  };
}

/** A run that died before it knew its databases concerns each of them. */
function runsAbout({ catalog }: Context, job: Job, database: string | null): readonly RunRow[] {
  const runs = catalog.runs({ job: job.name, limit: 200 });
  return runs.filter((run) => run.database === database || run.database === null).slice(0, 30);
}

function usualDuration(runs: readonly RunRow[]): number | null {
  const durations = runs
    .filter((run) => run.outcome === "complete" && run.finishedAt !== null)
    .map((run) => (run.finishedAt ?? run.startedAt) - run.startedAt)
    .toSorted((a, b) => a - b);
  return durations[Math.floor(durations.length / 2)] ?? null;
}

/** For jobs that leave no backup, a run that succeeded is what there is. */
function lastSuccess(job: Job, runs: readonly RunRow[]): Instant | null {
  if (leavesBackups(job)) return null;
  return runs.find((run) => run.outcome === "complete")?.startedAt ?? null;
}

/** A skipped run says nothing about backups: the one before it speaks. */
function lastEnded(job: Job, runs: readonly RunRow[]) {
  const isTelling = ({ outcome }: RunRow) => outcome !== "skipped" || !leavesBackups(job);
  const found = runs.find((run) => run.outcome !== null && isTelling(run));
  return found?.outcome ? { outcome: found.outcome, startedAt: found.startedAt } : null;
}

function toldRun({ runId, outcome, startedAt, summary, failure }: RunRow): NonNullable<JobStatus["lastRun"]> {
  return { runId, outcome, startedAt: formatInstant(startedAt), summary, failure };
}

function aged(row: BackupRow, now: Instant): AgedBackup {
  const { id, createdAt } = row;
  return { id, createdAt: formatInstant(createdAt), ageMs: now - createdAt, level: bestLevel(row) };
}
