import type { BackupRow } from "../catalog/catalog.ts";
import { formatInstant } from "../domain/instant.ts";
import { highest, type Level } from "../domain/level.ts";
import { closeDeadRuns } from "./dead-runs.ts";
import type { Context } from "./operation.ts";

/** A backup as `list --json` prints it (DESIGN 3). Times are ISO 8601, UTC. */
export interface ListedBackup {
  readonly id: string;
  readonly job: string;
  readonly database: string | null;
  readonly kind: BackupRow["kind"];
  readonly createdAt: string;
  readonly sizeBytes: number;
  readonly outcome: BackupRow["outcome"];
  /** The best of its copies. */
  readonly level: Level;
  readonly provenAt: string | null;
  readonly held: boolean;
  readonly adopted: boolean;
  readonly copies: readonly ListedCopy[];
}

export interface ListedCopy {
  readonly destination: string;
  /** Directory or URL; null when the destination is no longer in the config. */
  readonly path: string | null;
  readonly state: BackupRow["copies"][number]["state"];
  readonly level: Level;
  readonly readBack: "direct" | "cached" | null;
  readonly checkedAt: string | null;
}

export interface ListOptions {
  readonly job: string | null;
  readonly limit: number | null;
}

/** Newest first. From the catalog alone: nothing is asked of the destinations. */
export function listBackups(context: Context, { job, limit }: ListOptions): readonly ListedBackup[] {
  closeDeadRuns(context);
  const filter = { ...(job === null ? {} : { job }), ...(limit === null ? {} : { limit }) };
  return context.catalog.backups(filter).map((row) => listed(context, row));
}

export function listed(context: Pick<Context, "destinations">, row: BackupRow): ListedBackup {
  const { id, job, database, kind, sizeBytes, outcome, held, adopted } = row;
  const copies = row.copies.map((copy) => ({
    destination: copy.destination,
    path: context.destinations.get(copy.destination)?.location ?? null,
    state: copy.state,
    level: copy.level,
    readBack: copy.readBack,
    checkedAt: copy.checkedAt === null ? null : formatInstant(copy.checkedAt),
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
    adopted,
    copies,
  };
}

/** Damaged and missing copies count for nothing. */
export function bestLevel(row: Pick<BackupRow, "copies">): Level {
  return highest(row.copies.filter((copy) => copy.state === "whole").map((copy) => copy.level));
}
