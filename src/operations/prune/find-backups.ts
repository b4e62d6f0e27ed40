import type { BackupRow, CopyRow } from "../../catalog/catalog.ts";
import type { BackupJob } from "../../domain/jobs/job.ts";
import type { Context } from "../context.ts";
import { compareCopies } from "./compare-copies.ts";
import { noteGone } from "./note-gone.ts";
import type { FoundBackups } from "./plan-job.ts";
import { surveyDestinations, type Unseen } from "./survey.ts";

interface Found extends FoundBackups {
  readonly unseen: readonly Unseen[];
  /** What the catalog still calls whole. */
  readonly lost: readonly CopyRow[];
  /** Those of the rows that were compared with what lies there. */
  readonly compared: readonly BackupRow[];
}

export interface FindOptions {
  /** Writes nothing, at no destination. */
  readonly dryRun: boolean;
  /** Whose backups are compared with what lies there; those of others are taken as the catalog has them. */
  readonly only: { readonly database: string | null } | "all";
}

/** A job's backups as its destinations show them now. Never throws for a destination. */
export async function findBackups(
  context: Context,
  job: BackupJob,
  { dryRun, only }: FindOptions,
): Promise<Found> {
  const known = context.catalog.backups({ job: job.name });
  const { seen, unseen } = await surveyDestinations(context, known, { dryRun });
  const isCompared = (row: { readonly database: string | null }) =>
    only === "all" || row.database === only.database;
  const rows = compareCopies(context, known.filter(isCompared), seen);
  const unchanged = new Set(known.flatMap((row) => row.copies));
  const lost = rows.flatMap((row) => row.copies).filter((copy) => !unchanged.has(copy));
  return {
    rows: [...rows, ...known.filter((row) => !isCompared(row))],
    surveys: seen,
    unseen,
    lost,
    compared: rows,
  };
}

/** What the listings have shown to be lost is lost for list, status and alerts too, until it is back. */
export function noteLost(context: Context, job: BackupJob, { lost, compared, surveys }: Found): void {
  const { catalog, log } = context;
  catalog.atomically(() => {
    for (const copy of lost) catalog.putCopy(copy);
    for (const survey of surveys) noteGone(context, { job: job.name, survey, rows: compared });
  });
  for (const { backupId, destination, failure } of lost)
    log.warn({ backup: backupId, destination }, failure?.message ?? "lost");
}
