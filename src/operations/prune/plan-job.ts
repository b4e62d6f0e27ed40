import type { BackupRow } from "../../catalog/catalog.ts";
import type { CapsuleJob, PostgresJob } from "../../domain/job.ts";
import { planRetention, type RetainedBackup, type Verdict } from "../../domain/retention.ts";
import { nextSlot, parseCron } from "../../domain/schedule.ts";
import type { Context } from "../context.ts";

/** One backup at one destination, as retention sees it. */
export interface PlannedCopy extends RetainedBackup {
  readonly destination: string;
  readonly database: string | null;
  readonly sizeBytes: number;
}

/** The verdicts for each (database, destination) of a job, each judged by itself. */
export function planJob(
  context: Context,
  job: PostgresJob | CapsuleJob,
): readonly (readonly Verdict<PlannedCopy>[])[] {
  const backups = context.catalog.backups({ job: job.name });
  const databases = [...new Set(backups.map((row) => row.database))];
  const destinations = [...new Set(backups.flatMap((row) => row.copies.map((copy) => copy.destination)))];
  return databases.flatMap((database) =>
    destinations.map((destination) => {
      const rows = backups.filter((row) => row.database === database);
      return planOne(context, job, {
        database,
        copies: rows.flatMap((row) => plannedCopy(row, destination)),
      });
    }),
  );
}

function plannedCopy(row: BackupRow, destination: string): readonly PlannedCopy[] {
  const copy = row.copies.find(
    (candidate) => candidate.destination === destination && candidate.state !== "removing",
  );
  if (!copy) return [];
  const { id, createdAt, outcome, database, sizeBytes } = row;
  const { level } = copy;
  const isWhole = copy.state === "whole";
  return [
    {
      id,
      createdAt,
      outcome,
      isWhole,
      level,
      isHeld: row.held,
      isProven: row.provenAt !== null,
      destination,
      database,
      sizeBytes,
    },
  ];
}

interface Series {
  readonly database: string | null;
  readonly copies: readonly PlannedCopy[];
}

function planOne(
  context: Context,
  job: PostgresJob | CapsuleJob,
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
    lastSeenNow: finished?.finishedAt ?? null,
    goodRunsAt,
    ...(usualIntervalMs === null ? {} : { usualIntervalMs }),
  });
}

function intervalOf(job: PostgresJob | CapsuleJob, now: ReturnType<Context["clock"]["now"]>): number | null {
  if (job.schedule === null) return null;
  const schedule = parseCron(job.schedule, job.timezone);
  const first = nextSlot(schedule, now);
  const second = first === null ? null : nextSlot(schedule, first);
  return first === null || second === null ? null : second - first;
}
