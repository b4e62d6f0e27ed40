import { asFailure, Failure, reportOf } from "../../domain/failure.ts";
import { type Job, leavesBackups } from "../../domain/jobs/job.ts";
import { jobsOfAll, proofJobOf } from "../../domain/jobs/proof-job.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import { inSetOrder } from "../../domain/sets/set-order.ts";
import { tellEnded, tellStarted } from "../alerts/notices.ts";
import { auditDue } from "../audit/audit-due.ts";
import { keepConfig } from "../config-copy/keep-config.ts";
import { type Context, jobNamed } from "../context.ts";
import { catchUp } from "../copy/catch-up.ts";
import { closeDeadRuns } from "../dead-runs.ts";
import { patientDestination } from "../delivery/patient-destination.ts";
import type { RunOptions } from "../operation.ts";
import { runProof } from "../prove/run-proof.ts";
import { type AttemptFacts, attempt, failedWork } from "./attempt.ts";
import { claimSlot } from "./claim.ts";
import { afterWork, type HookedRun } from "./hooks.ts";
import { lockJob } from "./job-lock.ts";
import type { JobRun } from "./job-run.ts";
import { recover } from "./recover.ts";
import { runCapsule } from "./run-capsule.ts";
import { runChecksums } from "./run-checksums.ts";
import { runCommand } from "./run-command.ts";
import { runPostgres } from "./run-postgres.ts";
import { runVerify } from "./run-verify.ts";
import { loggingRecovered, tellRecovered } from "./tell-recovered.ts";
import { startWatch, underWatch } from "./watch.ts";

/**
 * Runs jobs one after the other, in the order of the config, each under its own lock, after putting right
 * what dead runs left. Every run leaves a row, also one that found its job busy. Never throws for a failed
 * run: its report says so. For what it throws see Operations.run.
 */
export async function run(context: Context, options: RunOptions): Promise<readonly RunReport[]> {
  const jobs = selectJobs(context, options);
  closeDeadRuns(context);
  for (const job of context.jobs) context.catalog.knownSince(job.name, context.clock.now());
  const reports: RunReport[] = [];
  for (const job of jobs) {
    if (options.signal.aborted) break;
    const own = tellEnded(context, job, await runJob(context, job, options));
    reports.push(...own, ...(await proveAfter(context, job, { own, options })));
    await auditAfter(context, job, options.signal);
  }
  return withConfigKept(context, reports);
}

/** A config that could not be kept is told with the last backup: it is what a new machine would lack. */
async function withConfigKept(
  context: Context,
  reports: readonly RunReport[],
): Promise<readonly RunReport[]> {
  const last = reports.findLast(({ backup }) => backup !== null);
  if (last === undefined) return reports;
  const kept = await keepConfig(context).catch((error: unknown) => [
    { destination: "", failure: reportOf(asFailure(error, "run.internal", "Cannot keep the config")) },
  ]);
  const lost = kept.flatMap(({ failure }) => (failure === null ? [] : [failure.message]));
  for (const error of lost) context.log.warn({ error }, "the config could not be kept");
  if (lost.length === 0) return reports;
  return reports.map((report) =>
    report === last ? { ...report, warnings: [...report.warnings, ...lost] } : report,
  );
}

/** Once a day, of where the job writes: what lies there is compared with the catalog, all of it. */
async function auditAfter(context: Context, job: Job, signal: AbortSignal): Promise<void> {
  if (signal.aborted || !(leavesBackups(job) || job.kind === "verify")) return;
  const destinations = leavesBackups(job) ? job.to : [...context.destinations.keys()];
  await auditDue(patiently(context, job), { destinations, signal });
}

interface Ended {
  /** What the job's own run left. */
  readonly own: readonly RunReport[];
  readonly options: RunOptions;
}

/**
 * `prove: { after: each }`: as a run of its own, when the backup's is over and its lock free. What comes of it is told and
 * counts for the exit status; the backup stands.
 */
async function proveAfter(
  context: Context,
  job: Job,
  { own, options }: Ended,
): Promise<readonly RunReport[]> {
  const { signal } = options;
  const proof = leavesBackups(job) && job.prove.afterEach ? proofJobOf(job) : null;
  const backups = own.flatMap(({ outcome, backup }) =>
    outcome === "complete" && backup !== null ? [backup.id] : [],
  );
  if (proof === null || backups.length === 0 || signal.aborted) return [];
  const runId = context.newRunId();
  const wish = { slot: null, signal, runId, backups, lines: [], waitMs: Number.POSITIVE_INFINITY };
  return tellEnded(context, proof, await runLocked(context, proof, wish));
}

function selectJobs(context: Context, { jobs, all }: RunOptions): readonly Job[] {
  if (all && jobs.length > 0) {
    throw new Failure("usage.refused", "Cannot run --all together with named jobs: that says two things", {
      hint: "Leave one of them out.",
    });
  }
  if (all) return inSetOrder(jobsOfAll(context.jobs));
  if (jobs.length > 0) return inSetOrder(jobs.map((name) => jobNamed(context, name)));
  const names = context.jobs.map((job) => job.name).join(", ");
  throw new Failure("usage.refused", "Cannot run: no job was named", {
    hint: `Name jobs (${names}) or give --all.`,
  });
}

/** So long one answer of a destination is waited for, or half the time that the job lets a source be silent. */
const patienceMs = 5 * 60_000;

/** The same destinations, but none of them is waited for for ever. */
export function patiently(context: Context, job: Job): Context {
  const stallMs = "stallMs" in job ? job.stallMs : null;
  const limitMs = stallMs === null ? patienceMs : Math.min(patienceMs, stallMs / 2);
  const patient = [...context.destinations].map(
    ([name, destination]) => [name, patientDestination(destination, context.clock, limitMs)] as const,
  );
  return { ...context, destinations: new Map(patient) };
}

/** For a planned run the slot is claimed first: whoever comes second leaves no run behind. */
async function runJob(context: Context, job: Job, options: RunOptions): Promise<readonly RunReport[]> {
  const { signal, onSlot, onStarted } = options;
  const runId = context.newRunId();
  if (options.slot === null) {
    onStarted?.({ job: job.name, runId, slot: null });
    return runLocked(context, job, { ...options, runId, slot: null, lines: [] });
  }
  const claim = await claimSlot(context, job, { slot: options.slot, runId, signal });
  if (claim.kind === "none") {
    onSlot?.(claim.news);
    return [];
  }
  const { slot, lines } = claim;
  onStarted?.({ job: job.name, runId, slot });
  return runLocked(context, job, { ...options, runId, slot, lines });
}

interface LockedRun extends JobRun, Pick<RunOptions, "waitMs"> {
  /** What is to be told of the slots before. */
  readonly lines: readonly string[];
}

async function runLocked(outer: Context, job: Job, given: LockedRun): Promise<readonly RunReport[]> {
  const context = patiently(outer, job);
  const { runId, slot, signal, waitMs, backups } = given;
  const jobRun: JobRun = { runId, slot, signal, ...(backups && { backups }) };
  const facts: AttemptFacts = { runId, job: job.name, database: null, slot };
  const lock = await lockJob(context, { job: job.name, runId, waitMs, signal }).catch((error: unknown) =>
    asFailure(error, "platform.lock", `Cannot lock "${job.name}"`),
  );
  if (lock instanceof Failure) {
    const isBusy = lock.code === "run.busy";
    return [await (isBusy ? skipBusy(context, facts, lock) : broken(context, { job, facts, signal }, lock))];
  }
  tellStarted(outer, job, runId);
  try {
    const limits = { job: job.name, timeoutMs: job.timeoutMs, stallMs: null };
    const watch = startWatch(context.clock, signal, limits);
    const recovered = await underWatch(watch, () => recover(context, job, watch.signal));
    const lines = [...given.lines, ...recovered];
    const telling = loggingRecovered(context, runId, lines);
    const reports = await runKind(telling, job, jobRun);
    await catchUp(context, job, { reports, signal });
    return tellRecovered(context, reports, lines);
  } catch (error) {
    const failure = asFailure(error, "run.internal", `Cannot run "${job.name}"`);
    return [await broken(context, { job, facts, signal }, failure)];
  } finally {
    lock.release();
  }
}

/** A run that broke off before its work, or outside of it, is told to the job's hooks. */
function broken(context: Context, run: HookedRun, failure: Failure): Promise<RunReport> {
  return attempt(context, run.facts, (inner) => afterWork(inner, run, failedWork(failure)));
}

/** A run that found its job busy still leaves a row and a report. */
function skipBusy(context: Context, facts: AttemptFacts, failure: Failure): Promise<RunReport> {
  if (facts.slot !== null) context.catalog.skipSlot({ ...facts, slot: facts.slot }, "busy");
  return attempt(context, facts, async () => ({
    ...failedWork(failure),
    outcome: "skipped",
    summary: "skipped: busy",
  }));
}

function runKind(context: Context, job: Job, jobRun: JobRun): Promise<readonly RunReport[]> {
  switch (job.kind) {
    case "postgres":
      return runPostgres(context, job, jobRun);
    case "capsule":
      return runCapsule(context, job, jobRun);
    case "checksums":
      return runChecksums(context, job, jobRun);
    case "command":
      return runCommand(context, job, jobRun);
    case "proof":
      return runProof(context, job, jobRun);
    case "verify":
      return runVerify(context, job, jobRun);
    default:
      return job satisfies never;
  }
}
