import type { BackupRow, CopyRow } from "../../catalog/catalog.ts";
import { isSuspect, speaksForNow } from "../../domain/anomalies/suspect.ts";
import { type BackupJob, keepPolicyAt } from "../../domain/jobs/job.ts";
import { reaches } from "../../domain/level.ts";
import type { Verdict } from "../../domain/retention/retention.ts";
import {
  type JobRetention,
  type PlannedCopy,
  planCopies,
  planDatabase,
  runsLookedAt,
} from "../../domain/retention/retention-plan.ts";
import type { Context } from "../context.ts";
import { newestBackup } from "../list.ts";
import { newestWholePoint } from "../sets/list-points.ts";
import { retainedNow } from "./retained.ts";
import type { Survey } from "./survey.ts";

/** The backups of a job, as they were found at the destinations that could be looked at. */
export interface FoundBackups {
  readonly rows: readonly BackupRow[];
  readonly surveys: readonly Survey[];
}

export interface CurrentRun {
  readonly runId: string;
  readonly database: string | null;
}

/**
 * The verdicts for each (destination, database) of a job. A destination without a survey has none: what lies
 * there is not known. `current`: the run that has just made its backup and is pruning now.
 */
export function planJob(
  context: Context,
  job: BackupJob,
  { found, current }: { readonly found: FoundBackups; readonly current: CurrentRun | null },
): readonly (readonly Verdict<PlannedCopy>[])[] {
  const { here: copies, elsewhere } = copiesOf(context, found);
  const point = newestWholePoint(context, job);
  const here = copies.map((copy) => (point.has(copy.id) ? { ...copy, isOfPoint: true } : copy));
  const retention = retentionOf(context, job, current?.runId ?? null);
  if (current !== null) return planDatabase(here, current.database, retention);
  const kept = elsewhere.map(keptElsewhere);
  return [...planCopies(here, retention), ...(kept.length > 0 ? [kept] : [])];
}

interface FoundCopies {
  readonly here: readonly PlannedCopy[];
  /** On another disk than the one that is there now. */
  readonly elsewhere: readonly PlannedCopy[];
}

/** What retention sees of the copies that lie where somebody looked; tombstoned ones are gone already. */
export function copiesOf(
  context: Pick<Context, "catalog" | "clock">,
  { rows, surveys }: FoundBackups,
): FoundCopies {
  const known: Known = { held: heldIds(rows, surveys), retainedOf: retainedNow(context) };
  const seen = new Map(surveys.map((survey) => [survey.destination, survey.destinationId]));
  const copies = rows
    .flatMap((row) => row.copies.map((copy) => ({ row, copy })))
    .filter(({ copy }) => seen.has(copy.destination) && copy.state !== "removing");
  const isHere = ({ copy }: RowAndCopy) => seen.get(copy.destination) === copy.destinationId;
  return {
    here: copies.filter(isHere).map((one) => plannedCopy(one, known)),
    elsewhere: copies.filter((one) => !isHere(one)).map((one) => plannedCopy(one, known)),
  };
}

/** A hold file protects at every destination, also one that the catalog has not heard of. */
function heldIds(rows: readonly BackupRow[], surveys: readonly Survey[]): ReadonlySet<string> {
  const isHeld = ({ id, held, copies }: BackupRow) =>
    held ||
    surveys.some(
      (survey) => survey.heldIds.has(id) && copies.some((copy) => copy.destination === survey.destination),
    );
  return new Set(rows.filter(isHeld).map((row) => row.id));
}

interface RowAndCopy {
  readonly row: BackupRow;
  readonly copy: CopyRow;
}

interface Known {
  readonly held: ReadonlySet<string>;
  readonly retainedOf: ReturnType<typeof retainedNow>;
}

function plannedCopy({ row, copy }: RowAndCopy, { held, retainedOf }: Known): PlannedCopy {
  const { id, createdAt, outcome, database, sizeBytes } = row;
  const retained = retainedOf(copy, createdAt);
  return {
    id,
    createdAt,
    outcome,
    isWhole: copy.state === "whole",
    level: copy.level,
    isHeld: held.has(id),
    // A copy that was read back has the very bytes that were proven, wherever that was; one that was not may have others.
    isProven: row.provenAt !== null && reaches(copy.level, "hashed"),
    isSuspect: isSuspect(row),
    destination: copy.destination,
    database,
    sizeBytes,
    ...(retained !== null && { retained }),
  };
}

/** Nothing is known of it. */
function keptElsewhere(backup: PlannedCopy): Verdict<PlannedCopy> {
  return { backup, verdict: "keep", reasons: ["on another disk than the one that is there now"] };
}

/** What the job's retention goes by, from its config and the catalog. */
export function retentionOf(
  { catalog, clock, scheduleOf }: Pick<Context, "catalog" | "clock" | "scheduleOf">,
  job: BackupJob,
  currentRunId: string | null,
): JobRetention {
  return {
    now: clock.now(),
    zone: job.timezone,
    schedule: scheduleOf(job),
    policyAt: (destination) => keepPolicyAt(job, destination),
    runsOf: (database) =>
      catalog.runs({ job: job.name, database, limit: runsLookedAt }).map((run) => ({
        startedAt: run.startedAt,
        finishedAt: run.finishedAt,
        isComplete: run.outcome === "complete" || run.runId === currentRunId,
        isDead: run.failure?.code === "run.died",
      })),
    newestIsSuspect: (database) => {
      const series = { job: job.name, database };
      const newest = newestBackup({ catalog }, series, (row) => speaksForNow(row, clock.now()));
      return newest !== null && isSuspect(newest);
    },
  };
}
