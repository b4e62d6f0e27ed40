import type { RunRow } from "../../catalog/catalog.ts";
import type { AlertFacts, DiskFact, EndedRun, JobFact } from "../../domain/alerts/alert-facts.ts";
import type { JobStatus, StatusReport } from "../../domain/health/status-report.ts";
import { type Instant, instant, parseInstant } from "../../domain/instant.ts";
import { type Job, leavesBackups } from "../../domain/jobs/job.ts";
import { parseCron, previousSlot, type Schedule } from "../../domain/slots/schedule.ts";
import { type Context, jobNamed } from "../context.ts";
import { statusByCatalog } from "../status.ts";

/** Everything of the config, from a whole look at it. */
export function wholeFacts(context: Context, { jobs, disk }: StatusReport): AlertFacts {
  return {
    ...frameOf(context),
    extent: "whole",
    jobs: jobs.map((job) => factOf(context, job)),
    disk: disk.map(diskFact),
  };
}

/**
 * After a run of `job`, by the catalog alone. Of the other jobs only those that are not well: this look is too
 * short to say that one has recovered.
 */
export function factsAfterRun(context: Context, job: Job): AlertFacts {
  const jobs = context.jobs
    .flatMap((one) => statusByCatalog(context, one))
    .filter(({ job: name, healthy, concerns }) => name === job.name || !healthy || concerns.length > 0)
    .map((status) => factOf(context, status));
  return { ...frameOf(context), extent: "part", jobs, disk: [] };
}

function frameOf({ clock, host, alerts }: Context): Pick<AlertFacts, "now" | "host" | "timezone"> {
  return { now: clock.now(), host: host.name, timezone: alerts?.timezone ?? "UTC" };
}

function factOf(context: Context, status: JobStatus): JobFact {
  const job = jobNamed(context, status.job);
  const { database, healthy, rule, reason, newestGood, newestProven, lastProof, concerns, sizeBytes } =
    status;
  const schedule = job.schedule === null ? null : parseCron(job.schedule, job.timezone);
  const runs = runsAbout(context, status);
  const good = newestGood === null ? null : parseInstant(newestGood.createdAt);
  const answered = leavesBackups(job) ? good : (runs[0]?.startedAt ?? null);
  const success = runs.find(({ outcome }) => outcome === "complete")?.startedAt ?? null;
  const isLate = !healthy && (rule === "slot" || rule === "age");
  const due = schedule === null || !isLate ? [] : dueSlots(context, job, schedule);
  const silent = due.find((slot) => !runs.some(({ startedAt }) => startedAt >= slot));
  return {
    job: job.name,
    database,
    healthy,
    rule,
    reason,
    isScheduled: schedule !== null,
    noun: leavesBackups(job) ? "backup" : "run",
    missedSlots: missedOf(due.filter((slot) => answered === null || answered < slot).length),
    silentSince: silent ?? null,
    lastRun: lastEnded(job, runs),
    lastGoodAt: leavesBackups(job) ? good : success,
    newestProvenAt: newestProven === null ? null : parseInstant(newestProven.createdAt),
    lastProofOf: lastProof?.backup ?? null,
    concerns: concerns.map((concern) => ({
      ...concern,
      since: concern.since === null ? null : parseInstant(concern.since),
    })),
    sizeBytes,
  };
}

function missedOf(count: number): JobFact["missedSlots"] {
  return count >= 2 ? 2 : count === 1 ? 1 : 0;
}

const hourMs = 3_600_000;

/** The last two whose grace time is over, newest first. */
function dueSlots({ clock }: Context, { graceMs }: Job, schedule: Schedule): readonly Instant[] {
  const last = previousSlot(schedule, instant(clock.now() - (graceMs ?? 2 * hourMs)));
  const before = last === null ? null : previousSlot(schedule, instant(last - 1));
  return [last, before].filter((slot) => slot !== null);
}

/** A run that died before it knew its databases concerns each of them. */
function runsAbout({ catalog }: Context, { job, database }: JobStatus): readonly RunRow[] {
  const runs = catalog.runs({ job, limit: 200 });
  return runs.filter((run) => run.database === database || run.database === null);
}

/** While a run is going, the one before it speaks; one that was skipped says nothing of a backup. */
function lastEnded(job: Job, runs: readonly RunRow[]): EndedRun | null {
  const isTelling = ({ outcome }: RunRow) =>
    outcome !== null && (outcome !== "skipped" || !leavesBackups(job));
  const run = runs.find(isTelling);
  if (run === undefined || run.outcome === null) return null;
  const { runId, outcome, startedAt, failure, summary } = run;
  return { runId, outcome, startedAt, failure, summary };
}

function diskFact({
  name,
  location,
  failure,
  concern,
  freeBytes,
  totalBytes,
}: StatusReport["disk"][number]): DiskFact {
  return { destination: name, location, failure, forecast: concern?.reason ?? null, freeBytes, totalBytes };
}
