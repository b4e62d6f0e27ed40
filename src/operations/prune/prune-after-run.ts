import { asFailure, type Failure, reportOf } from "../../domain/failure.ts";
import { type BackupJob, keepPolicyAt } from "../../domain/jobs/job.ts";
import type { Verdict } from "../../domain/retention/retention.ts";
import { type PlannedCopy, withoutMost } from "../../domain/retention/retention-plan.ts";
import type { PrunedCopy, RunPruning } from "../../domain/runs/run-report.ts";
import type { Context } from "../context.ts";
import type { PruneReport } from "../operation.ts";
import { carryOut } from "./carry-out.ts";
import { findBackups, noteLost } from "./find-backups.ts";
import { copiesOf, type FoundBackups, planJob } from "./plan-job.ts";
import { finishRemovals } from "./remove-copy.ts";
import type { Unseen } from "./survey.ts";

export interface AfterRun {
  /** Of the run that has just made its backup; its row is still open. */
  readonly runId: string;
  readonly database: string | null;
  /** Destinations that this run could not use: that is told already. */
  readonly away: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

const nothing: RunPruning = {
  removed: [],
  freedBytes: 0,
  kept: 0,
  retained: 0,
  refusedAt: [],
  oversizeAt: [],
  failures: [],
};

/** Prunes one database's backups, or a capsule's; the caller holds the job's lock. Never throws: see RunPruning. */
export async function pruneAfterRun(context: Context, job: BackupJob, run: AfterRun): Promise<RunPruning> {
  const { database, signal } = run;
  try {
    await finishRemovals(context, job, signal);
    const found = await findBackups(context, job, { dryRun: false, only: { database } });
    noteLost(context, job, found);
    const { verdicts, refused } = withoutMost(planJob(context, job, { found, current: run }));
    const reports = await carryOut(context, job, { verdicts, signal });
    const stopped = signal.aborted ? [asFailure(signal.reason, "run.cancelled", "Cannot go on pruning")] : [];
    return conclude(context, reports, {
      job,
      found,
      refused,
      troubles: [...troubling(job, run, found.unseen), ...stopped],
    });
  } catch (error) {
    const failure = asFailure(error, "run.internal", `Cannot prune "${job.name}" after its run`);
    return { ...nothing, failures: [reportOf(failure)] };
  }
}

/** A disk that only takes its turns is away on most nights: what matters is where the job writes. */
function troubling(job: BackupJob, { away }: AfterRun, unseen: readonly Unseen[]): readonly Failure[] {
  return unseen
    .filter(({ destination }) => job.to.includes(destination) && !away.has(destination))
    .map(({ failure }) => failure);
}

interface Rest {
  readonly job: BackupJob;
  readonly found: FoundBackups;
  readonly refused: readonly (readonly Verdict<PlannedCopy>[])[];
  readonly troubles: readonly Failure[];
}

function conclude(
  context: Context,
  reports: readonly PruneReport[],
  { job, found, refused, troubles }: Rest,
): RunPruning {
  const removed = reports.flatMap(({ isRemoved, backup, destination, reasons, sizeBytes }) =>
    isRemoved && backup !== null && destination !== null ? [{ backup, destination, reasons, sizeBytes }] : [],
  );
  const retained = reports.filter((report) => report.retained !== null);
  const gone = [...removed, ...retained.flatMap(nameOf)];
  return {
    removed,
    retained: retained.length,
    freedBytes: removed.reduce((sum, one) => sum + one.sizeBytes, 0),
    kept: reports.filter((report) => report.verdict === "keep").length + refused.flat().length,
    oversizeAt: refused.length > 0 ? [] : findOversize(context, job, { found, gone }),
    refusedAt: refused.flatMap((plan) => plan.slice(0, 1).map(({ backup }) => backup.destination)),
    failures: [
      ...reports.flatMap(({ failure }) => (failure === null ? [] : [failure])),
      ...troubles.map(reportOf),
    ],
  };
}

function nameOf({ backup, destination, sizeBytes }: PruneReport): readonly Gone[] {
  return backup === null || destination === null ? [] : [{ destination, sizeBytes }];
}

/** What policy is done with, whether the storage let it go or not. */
type Gone = Pick<PrunedCopy, "destination" | "sizeBytes">;

/** A limit that floors pass is told each night: it was set for a reason. What the storage retains passes it for none. */
function findOversize(
  context: Context,
  job: BackupJob,
  { found, gone }: { readonly found: FoundBackups; readonly gone: readonly Gone[] },
): RunPruning["oversizeAt"] {
  const sum = (copies: readonly { readonly sizeBytes: number }[]) =>
    copies.reduce((bytes, copy) => bytes + copy.sizeBytes, 0);
  const byPlace = Map.groupBy(copiesOf(context, found).here, ({ destination }) => destination);
  return [...byPlace].flatMap(([destination, copies]) => {
    const limitBytes = keepPolicyAt(job, destination).sizeBytes;
    const sizeBytes = sum(copies) - sum(gone.filter((one) => one.destination === destination));
    return limitBytes === null || sizeBytes <= limitBytes ? [] : [{ destination, sizeBytes, limitBytes }];
  });
}
