import type { BackupRow, RunRow } from "../catalog/catalog.ts";
import { summaryOnceAccepted } from "../domain/anomalies/suspect.ts";
import type { AgedBackup } from "../domain/backups/backup-report.ts";
import { healthOf, isFuture } from "../domain/health/health.ts";
import { healthWithProofs } from "../domain/health/proof-health.ts";
import type {
  JobConcern,
  JobStatus,
  ListedDestination,
  StatusReport,
} from "../domain/health/status-report.ts";
import { formatInstant, type Instant } from "../domain/instant.ts";
import { type Job, leavesBackups } from "../domain/jobs/job.ts";
import { nextSlot, previousSlot } from "../domain/slots/schedule.ts";
import type { Context } from "./context.ts";
import { type CopiesView, copiesView } from "./copies-view.ts";
import { damageConcerns } from "./damage-concerns.ts";
import { closeDeadRuns } from "./dead-runs.ts";
import { recordDisk, withForecast } from "./disk-trend.ts";
import { lookAtDirectories } from "./initialise-destinations.ts";
import { drillConcerns } from "./key-drill.ts";
import { bestLevel, isGood, newestBackup } from "./list.ts";
import { proofStatus } from "./proof-status.ts";
import { missedSlots } from "./slots.ts";
import { troubleConcerns } from "./trouble-concerns.ts";
import { unlistedBackups } from "./unlisted-backups.ts";

/** Is every job well, what is next, and how full are the disks. Each database of a job is judged by itself. */
export async function status(context: Context): Promise<StatusReport> {
  closeDeadRuns(context);
  const disk = await lookAtDirectories(context);
  const jobs: JobStatus[] = [];
  const copies = copiesView(context);
  for (const job of context.jobs) {
    const unlisted = await countUnlisted(context, job);
    const place = {
      unlisted,
      unusable: unusableOf(job, disk),
      drill: await drillConcerns(context, job),
      copies,
    };
    jobs.push(...databasesOf(context, job).map((database) => statusOf(context, { job, database, ...place })));
  }
  const isWell = jobs.every((job) => job.healthy) && disk.every(({ failure }) => failure === null);
  return { jobs, disk: withForecast(context, recordDisk(context, disk)), exit: isWell ? 0 : 6 };
}

/** The job's databases by what the catalog knows alone: no destination is asked, so that nothing can hang. */
export function statusByCatalog(context: Context, job: Job): readonly JobStatus[] {
  const copies = copiesView(context);
  return databasesOf(context, job).map((database) =>
    statusOf(context, { job, database, unlisted: 0, unusable: [], drill: [], copies }),
  );
}

/** Looked for only where the catalog knows nothing, as after the state directory was lost. */
async function countUnlisted(context: Context, job: Job): Promise<number> {
  if (!leavesBackups(job) || context.catalog.backups({ job: job.name, limit: 1 }).length > 0) return 0;
  return (await unlistedBackups(context, job)).size;
}

function unusableOf(job: Job, disk: readonly ListedDestination[]): readonly string[] {
  const used = leavesBackups(job) ? job.to : job.kind === "checksums" ? [job.destination] : [];
  return disk.filter(({ name, failure }) => failure !== null && used.includes(name)).map(({ name }) => name);
}

const dayMs = 86_400_000;

/** The databases that the job is about: those named, else those that runs or backups of the newest day were about. */
function databasesOf({ catalog }: Context, job: Job): readonly (string | null)[] {
  // The runs of a planned proof are about the databases that it proves.
  if (job.kind !== "postgres" && job.kind !== "proof") return [null];
  if (job.kind === "postgres" && job.databases.kind === "named") return job.databases.names;
  const runs = catalog.runs({ job: job.name, limit: 500 });
  const newest = runs[0]?.startedAt ?? 0;
  const recent = runs.filter((run) => run.startedAt > newest - dayMs && run.database !== null);
  const known = recent.length > 0 ? recent : backupsOfNewestDay(catalog, job);
  const names = [...new Set(known.map(({ database }) => database))].sort();
  return names.length > 0 ? names : [null];
}

/** What a rebuilt catalog knows of a job whose runs are forgotten. */
function backupsOfNewestDay(catalog: Context["catalog"], job: Job): readonly BackupRow[] {
  const backups = catalog.backups({ job: job.name, limit: 500 });
  return backups.filter(({ createdAt }) => createdAt > (backups[0]?.createdAt ?? 0) - dayMs);
}

interface Asked {
  readonly job: Job;
  readonly database: string | null;
  readonly unlisted: number;
  readonly unusable: readonly string[];
  readonly drill: readonly JobConcern[];
  readonly copies: CopiesView;
}

function statusOf(context: Context, { job, database, unlisted, unusable, drill, copies }: Asked): JobStatus {
  const now = context.clock.now();
  const runs = runsAbout(context, job, database);
  const series = { job: job.name, database };
  const { good, misdated } = newestGoodOf(context, series);
  const proven = newestBackup(context, { ...series, isProven: true }, isGood);
  const schedule = context.scheduleOf(job);
  const proofs = proofStatus(context, { job, database, good, proven });
  const ownHealth = healthOf({
    kind: job.kind,
    now,
    slotBefore: (at) => (schedule === null ? null : previousSlot(schedule, at)),
    knownSince: context.catalog.knownSince(job.name, now),
    graceMs: job.graceMs,
    maxAgeMs: job.maxAgeMs,
    usualDurationMs: usualDuration(runs),
    newestGoodAt: good?.createdAt ?? lastSuccess(job, runs),
    isDatedToTheDay: good?.adopted ?? false,
    misdatedAt: misdated?.createdAt ?? null,
    hasBackups: context.catalog.backups({ ...series, limit: 1 }).length > 0,
    unlisted,
    unusable,
    lastRun: lastEnded(job, runs),
  });
  const health = proofs.facts === null ? ownHealth : healthWithProofs(ownHealth, proofs.facts);
  const { lastProof, recovery, rtoMs, concerns } = proofs;
  const next = schedule === null ? null : nextSlot(schedule, now);
  return {
    job: job.name,
    kind: job.kind,
    database,
    healthy: health.healthy,
    rule: health.rule,
    reason: health.reason,
    lastRun: runs[0] ? toldRun(context, runs[0]) : null,
    newestGood: good === null ? null : aged(good, now),
    newestProven: proven === null ? null : aged(proven, now),
    lastProof,
    recovery,
    rtoMs,
    concerns: [
      ...concerns,
      ...damageConcerns(context, { ...series, lastProof }),
      ...troubleConcerns(context, series),
      ...copies.concernsOf(series),
      ...drill,
    ],
    copiesRule: leavesBackups(job) ? copies.ruleOf(series, good) : null,
    nextSlot: next === null ? null : formatInstant(next),
    missedSlots: missedSlots(context, job),
    sizeBytes: good?.sizeBytes ?? null,
  };
}

interface Series {
  readonly job: string;
  readonly database: string | null;
}

interface NewestGood {
  readonly good: BackupRow | null;
  /** The one whose date is ahead of the clock although `good` was made after it. */
  readonly misdated: BackupRow | null;
}

/**
 * By date; but a backup from the future does not outshine for ever what later runs made, so there the order of
 * the runs decides.
 */
function newestGoodOf(context: Context, series: Series): NewestGood {
  const now = context.clock.now();
  const newest = newestBackup(context, series, isGood);
  if (newest === null || !isFuture(newest.createdAt, now)) return { good: newest, misdated: null };
  const past = newestBackup(context, series, (row) => isGood(row) && !isFuture(row.createdAt, now));
  const isLater = past !== null && wasMadeAfter(context, past, newest);
  return isLater ? { good: past, misdated: newest } : { good: newest, misdated: null };
}

/** Runs are told last started first; what is not among them is older, or its run is not remembered. */
function wasMadeAfter({ catalog }: Context, later: BackupRow, earlier: BackupRow): boolean {
  const order = catalog.runs({ job: later.job }).map(({ backupId }) => backupId);
  const [at, before] = [order.indexOf(later.id), order.indexOf(earlier.id)];
  return at >= 0 && (before < 0 || at < before);
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

function toldRun({ catalog }: Context, run: RunRow): NonNullable<JobStatus["lastRun"]> {
  const { runId, outcome, startedAt, failure, backupId } = run;
  const isAccepted = backupId !== null && catalog.backup(run.job, backupId)?.accepted === true;
  const summary = isAccepted ? summaryOnceAccepted(run.summary) : run.summary;
  return { runId, outcome, startedAt: formatInstant(startedAt), summary, failure };
}

function aged(row: BackupRow, now: Instant): AgedBackup {
  const { id, createdAt } = row;
  return { id, createdAt: formatInstant(createdAt), ageMs: now - createdAt, level: bestLevel(row) };
}
