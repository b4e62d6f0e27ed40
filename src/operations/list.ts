import type { BackupFilter, BackupRow } from "../catalog/catalog.ts";
import { isSuspect } from "../domain/anomalies/suspect.ts";
import type { ListedBackup, ListedCopy } from "../domain/backups/backup-report.ts";
import { isGoodBackup } from "../domain/backups/good-backup.ts";
import type { ImmutableCopy } from "../domain/copies/immutable.ts";
import { formatInstant } from "../domain/instant.ts";
import { highest, type Level } from "../domain/level.ts";
import { type Context, jobNamed } from "./context.ts";
import { closeDeadRuns } from "./dead-runs.ts";
import { findBackup } from "./find-backup.ts";
import { keepingOf } from "./note-look.ts";
import type { ListOptions } from "./operation.ts";

/**
 * Newest first. From the catalog alone: nothing is asked of the destinations. Throws "usage.unknown-job" for a job
 * that is neither in the config nor has left backups behind.
 */
export function listBackups(context: Context, { job, limit, after }: ListOptions): readonly ListedBackup[] {
  closeDeadRuns(context);
  if (after !== undefined) findBackup(context, `${after.job}/${after.id}`);
  const filter = {
    ...(job === null ? {} : { job }),
    ...(limit === null ? {} : { limit }),
    ...(after === undefined ? {} : { before: after }),
  };
  const rows = context.catalog.backups(filter);
  if (job !== null && rows.length === 0) jobNamed(context, job);
  const keeping = keepingOf(context);
  return rows.map((row) => listed(context, row, keeping));
}

/** As the catalog knows it: nothing is asked of a destination, and one that left the config has no path. */
export function listed(
  context: Pick<Context, "destinations" | "catalog" | "clock">,
  row: BackupRow,
  keeping = keepingOf(context),
): ListedBackup {
  const { id, job, database, kind, sizeBytes, outcome, held, anomalies, adopted } = row;
  const copies = row.copies.map((copy) => ({
    destination: copy.destination,
    path: context.destinations.get(copy.destination)?.location ?? null,
    state: copy.state,
    level: copy.level,
    readBack: copy.readBack,
    checkedAt: copy.checkedAt === null ? null : formatInstant(copy.checkedAt),
    immutable: reportKeeping(keeping(copy, row.createdAt)),
  }));
  return {
    id,
    job,
    database,
    kind,
    createdAt: formatInstant(row.createdAt),
    sizeBytes,
    outcome,
    level: bestLevel(row),
    provenAt: row.provenAt === null ? null : formatInstant(row.provenAt),
    held,
    anomalies,
    suspect: isSuspect(row),
    adopted,
    copies,
  };
}

function reportKeeping(kept: ImmutableCopy | null): ListedCopy["immutable"] {
  return kept && { by: kept.by, until: kept.until === null ? null : formatInstant(kept.until) };
}

/** Damaged and missing copies count for nothing. */
export function bestLevel(row: Pick<BackupRow, "copies">): Level {
  return highest(row.copies.filter((copy) => copy.state === "whole").map((copy) => copy.level));
}

/** Whether the best of its whole copies is a good backup. */
export function isGood(row: BackupRow): boolean {
  const isWhole = row.copies.some((copy) => copy.state === "whole");
  return isGoodBackup({ outcome: row.outcome, isWhole, level: bestLevel(row) });
}

/** Null when the job has none. */
export function newestGood(context: Context, job: string, database: string | null): ListedBackup | null {
  const found = newestBackup(context, { job, database }, isGood);
  return found ? listed(context, found) : null;
}

/** The newest backup that is wanted. Looked for among the newest few first: a catalog may hold thousands. */
export function newestBackup(
  { catalog }: Pick<Context, "catalog">,
  series: Omit<BackupFilter, "limit">,
  isWanted: (row: BackupRow) => boolean,
): BackupRow | null {
  for (let limit = 10; ; limit *= 10) {
    const rows = catalog.backups({ ...series, limit });
    const found = rows.find(isWanted);
    if (found || rows.length < limit) return found ?? null;
  }
}
