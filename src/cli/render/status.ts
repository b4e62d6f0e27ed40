import type { Config } from "../../config/config.ts";
import type { AgedBackup } from "../../domain/backups/backup-report.ts";
import type { DiskStatus, JobStatus, StatusReport } from "../../domain/health/status-report.ts";
import { type Instant, parseInstant } from "../../domain/instant.ts";
import { leavesBackups } from "../../domain/jobs/job.ts";
import { describeCount, describeSize, describeSubject } from "../../domain/plain-words.ts";
import { type Paint, widthOf } from "../paint.ts";
import { renderColumns } from "./columns.ts";
import { ago, describeUpcoming } from "./moment.ts";
import { describeRecovery } from "./recovery.ts";

export interface StatusSurroundings {
  readonly now: Instant;
  readonly config: Pick<Config, "jobs" | "timezone" | "reading">;
  readonly paint: Paint;
}

/** One screen: jobs as rows, ages first; then the disks; then what is wrong, a line each. */
export function renderStatus(report: StatusReport, around: StatusSurroundings): string {
  const rows = [headerOf(around), ...report.jobs.map((job) => jobRow(job, around))];
  const labelWidth = Math.max(...rows.map(([label = ""]) => widthOf(label)), widthOf(diskLabel));
  const disks = report.disk.map((disk) => `${diskLabel.padEnd(labelWidth)}  ${diskLine(disk, around.paint)}`);
  const times = report.jobs.flatMap((job) => recoveryLine(job, around));
  const copies = report.jobs.flatMap((job) => ruleLine(job, around));
  return [renderColumns(rows), ...disks, ...times, ...copies, ...renderTroubles(report, around.paint)].join(
    "\n",
  );
}

const diskLabel = "disk";

/** Never without a measurement. */
function recoveryLine(
  { job, database, recovery }: JobStatus,
  { now, config }: StatusSurroundings,
): readonly string[] {
  if (recovery === null) return [];
  const timezone = config.jobs.find(({ name }) => name === job)?.timezone ?? config.timezone;
  return [
    `A restore of ${describeSubject(job, database)} takes ${describeRecovery(recovery, { now, timezone })}.`,
  ];
}

/** Only where somebody has thought of several places, or of reading them again: a single directory is told by doctor. */
function ruleLine(
  { job, database, copiesRule }: JobStatus,
  { config }: StatusSurroundings,
): readonly string[] {
  const own = config.jobs.find(({ name }) => name === job);
  const isAsked =
    config.reading.withinMs !== null || (own !== undefined && leavesBackups(own) && own.to.length > 1);
  return copiesRule === null || !isAsked
    ? []
    : [`${describeSubject(job, database)} has ${copiesRule.summary}.`];
}

/** A line for each job that is not well and each destination that cannot be used. */
export function renderTroubles(
  { jobs, disk }: Pick<StatusReport, "jobs" | "disk">,
  paint: Paint,
): readonly string[] {
  const sick = jobs
    .filter((job) => !job.healthy)
    .map((job) => `${paint.bad(describeSubject(job.job, job.database))}: ${job.reason}`);
  const concerns = jobs.flatMap((job) =>
    job.concerns.flatMap(({ message, nextStep }) => [
      `${paint.doubtful(describeSubject(job.job, job.database))}: ${message}`,
      `  Next: ${nextStep}`,
    ]),
  );
  const missed = jobs.flatMap((job) => (isFirstOfItsJob(job, jobs) ? missedLine(job, paint) : []));
  const failed = disk.flatMap(({ name, failure }) =>
    failure === null ? [] : [`${paint.bad(name)}: ${failure.message}`],
  );
  const warned = disk.flatMap(({ name, warnings }) =>
    warnings.map((warning) => `${paint.doubtful(name)}: ${warning}`),
  );
  return [...sick, ...concerns, ...missed, ...failed, ...warned];
}

/** Slots are a job's, however many databases it has. */
function isFirstOfItsJob({ job, database }: JobStatus, jobs: StatusReport["jobs"]): boolean {
  return jobs.find((one) => one.job === job)?.database === database;
}

/** A catch-up run makes a job well again; that nothing was there to start it should still be known. */
function missedLine({ job, missedSlots }: JobStatus, paint: Paint): readonly string[] {
  if (missedSlots.length === 0) return [];
  const verb = missedSlots.length === 1 ? "was" : "were";
  return [
    `${paint.doubtful(job)}: ${describeCount(missedSlots.length, "slot")} of the last 7 days ${verb} missed`,
  ];
}

/** The zone of the times stands in the header when all jobs have the same, else beside each. */
function headerOf({ config, paint }: StatusSurroundings): readonly string[] {
  const zones = new Set(config.jobs.map((job) => job.timezone));
  const next = zones.size === 1 ? `next (${[...zones].join("")})` : "next";
  return ["", "newest proven", "newest good", "last run", next, "size"].map((title) => paint.faint(title));
}

function jobRow(job: JobStatus, around: StatusSurroundings): readonly string[] {
  const { paint } = around;
  const name = describeSubject(job.job, job.database);
  const label = job.healthy ? name : paint.bad(name);
  const isBackup = job.kind === "postgres" || job.kind === "capsule";
  return [
    label,
    isBackup ? ageOf(job.newestProven, "never") : "–",
    goodOf(job, around),
    lastRunOf(job, paint),
    nextOf(job, around),
    job.sizeBytes === null ? "" : describeSize(job.sizeBytes),
  ];
}

function goodOf(job: JobStatus, { now, paint }: StatusSurroundings): string {
  if (
    job.newestGood === null &&
    job.lastRun?.outcome === "complete" &&
    job.kind !== "postgres" &&
    job.kind !== "capsule"
  ) {
    const at = parseInstant(job.lastRun.startedAt);
    return at === null ? "–" : ago(now - at);
  }
  const text = ageOf(job.newestGood, job.kind === "postgres" || job.kind === "capsule" ? "never" : "–");
  return job.healthy ? text : paint.bad(text);
}

function ageOf(backup: AgedBackup | null, none: string): string {
  return backup === null ? none : ago(backup.ageMs);
}

function lastRunOf({ lastRun }: JobStatus, paint: Paint): string {
  if (lastRun === null) return "never ran";
  if (lastRun.outcome === null) return "running";
  if (lastRun.outcome === "complete") return lastRun.summary;
  return lastRun.outcome === "failed" ? paint.bad(lastRun.summary) : paint.doubtful(lastRun.summary);
}

function nextOf({ job, nextSlot }: JobStatus, { now, config }: StatusSurroundings): string {
  const at = nextSlot === null ? null : parseInstant(nextSlot);
  if (at === null) return "by hand";
  const zone = config.jobs.find((candidate) => candidate.name === job)?.timezone ?? config.timezone;
  const isMixed = new Set(config.jobs.map((candidate) => candidate.timezone)).size > 1;
  return `${describeUpcoming(at, now, zone)}${isMixed ? ` ${zone}` : ""}`;
}

/** A sentence of its own: it must not widen the columns of ages. */
function diskLine({ location, failure, summary, concern }: DiskStatus, paint: Paint): string {
  if (failure !== null) return `${location} ${paint.bad("cannot be used")}`;
  const told = summary ?? "does not tell its size";
  if (concern === null) return `${location} ${told}`;
  return `${location} ${concern.severity === "critical" ? paint.bad(told) : paint.doubtful(told)}`;
}

/** "61 % full, 120 GB free"; what is reserved for root counts as used, as for those who write there. */
export function describeFill(freeBytes: number | null, totalBytes: number | null): string {
  if (freeBytes === null || totalBytes === null || totalBytes === 0) return "does not tell its size";
  return `${Math.round((1 - freeBytes / totalBytes) * 100)} % full, ${describeSize(freeBytes)} free`;
}
