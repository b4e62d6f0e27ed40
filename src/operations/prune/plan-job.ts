import type { BackupRow, CopyRow, RunRow } from "../../catalog/catalog.ts";
import type { Instant } from "../../domain/instant.ts";
import type { BackupJob } from "../../domain/job.ts";
import { planRetention, type RetainedBackup, type Verdict } from "../../domain/retention.ts";
import { nextSlot, parseCron } from "../../domain/schedule.ts";
import type { Context } from "../context.ts";
import type { Survey } from "./survey.ts";

/** One backup at one destination, as retention sees it. */
export interface PlannedCopy extends RetainedBackup {
  readonly destination: string;
  readonly database: string | null;
  readonly sizeBytes: number;
}

/** The backups of a job, as they were found at the destinations that could be looked at. */
export interface FoundBackups {
  readonly rows: readonly BackupRow[];
  readonly surveys: readonly Survey[];
}

/**
 * The verdicts for each (database, destination) of a job, each judged by itself. A destination without a
 * survey has none: what lies there is not known.
 */
export function planJob(
  context: Context,
  job: BackupJob,
  { rows, surveys }: FoundBackups,
): readonly (readonly Verdict<PlannedCopy>[])[] {
  const held = heldIds(rows, surveys);
  const databases = [...new Set(rows.map((row) => row.database))];
  return databases.flatMap((database) =>
    surveys.flatMap((survey) => {
      const copies = rows
        .filter((row) => row.database === database)
        .flatMap((row) => row.copies.map((copy) => ({ row, copy })))
        .filter(({ copy }) => copy.destination === survey.destination && copy.state !== "removing");
      const { here = [], elsewhere = [] } = Object.groupBy(copies, ({ copy }) =>
        copy.destinationId === survey.destinationId ? "here" : "elsewhere",
      );
      const planned = here.map((one) => plannedCopy(one, held));
      return [
        planOne(context, job, { database, copies: planned }),
        elsewhere.map((one) => keptElsewhere(plannedCopy(one, held))),
      ];
    }),
  );
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

function plannedCopy({ row, copy }: RowAndCopy, held: ReadonlySet<string>): PlannedCopy {
  const { id, createdAt, outcome, database, sizeBytes } = row;
  return {
    id,
    createdAt,
    outcome,
    isWhole: copy.state === "whole",
    level: copy.level,
    isHeld: held.has(id),
    isProven: row.provenAt !== null,
    destination: copy.destination,
    database,
    sizeBytes,
  };
}

/** Of a copy on another disk than the one that is there now nothing is known. */
function keptElsewhere(backup: PlannedCopy): Verdict<PlannedCopy> {
  return { backup, verdict: "keep", reasons: ["on another disk than the one that is there now"] };
}

interface Series {
  readonly database: string | null;
  readonly copies: readonly PlannedCopy[];
}

function planOne(
  context: Context,
  job: BackupJob,
  { database, copies }: Series,
): readonly Verdict<PlannedCopy>[] {
  const { catalog, clock } = context;
  const now = clock.now();
  const runs = catalog.runs({ job: job.name, database, limit: 50 });
  const finished = runs.find((run) => run.finishedAt !== null);
  const goodRunsAt = runs.filter((run) => run.outcome === "complete").map((run) => run.startedAt);
  const usualIntervalMs = intervalOf(job, now);
  return planRetention({
    backups: copies,
    policy: job.keep,
    zone: job.timezone,
    newestIsSuspect: false,
    now,
    lastSeenNow: finished ? lastMomentOf(finished) : null,
    goodRunsAt,
    ...(usualIntervalMs === null ? {} : { usualIntervalMs }),
  });
}

/** A run that died was closed by whoever noticed it, at that moment: only its start was seen by itself. */
function lastMomentOf({ startedAt, finishedAt, failure }: RunRow): Instant {
  return failure?.code === "run.died" ? startedAt : (finishedAt ?? startedAt);
}

function intervalOf(job: BackupJob, now: Instant): number | null {
  if (job.schedule === null) return null;
  const schedule = parseCron(job.schedule, job.timezone);
  const first = nextSlot(schedule, now);
  const second = first === null ? null : nextSlot(schedule, first);
  return first === null || second === null ? null : second - first;
}
