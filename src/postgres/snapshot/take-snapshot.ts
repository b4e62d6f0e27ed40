import { describeTable } from "../../domain/backups/fingerprint.ts";
import { Failure } from "../../domain/failure.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import type { Session } from "../session/session.ts";
import { dumpableTablesSql, shownTables, type TableRow } from "../sql/dumpable-tables.ts";
import { type SnapshotRow, snapshotSql } from "../sql/snapshot.ts";
import { lockTables } from "./lock-tables.ts";

export interface TakenSnapshot extends SnapshotRow {
  readonly takenAt: Instant;
  /** Each is locked, and its current content is what the snapshot sees. Their names as loose text. */
  readonly tables: readonly TableRow[];
}

export interface SnapshotTask {
  readonly session: Session;
  readonly database: string;
  readonly lockWaitMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

type Attempt =
  | { readonly kind: "taken"; readonly snapshot: TakenSnapshot }
  | { readonly kind: "changed"; readonly tables: readonly string[] };

/** Tables may come and go while we lock them; then it starts over, so many times. */
const attempts = 5;

/**
 * Lists the tables, locks them, and only then takes and exports the snapshot (PROOF 2): a TRUNCATE between a
 * snapshot and pg_dump's own lock would leave the dump without the rows and pg_dump with exit status 0.
 * Afterwards it is checked that what the snapshot sees is what is locked; if not, everything starts over.
 * Throws "postgres.lock-timeout", "postgres.table-vanished", "postgres.query".
 */
export async function takeSnapshot(task: SnapshotTask): Promise<TakenSnapshot> {
  let changed: readonly string[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const result = await tryOnce(task);
    if (result.kind === "taken") return result.snapshot;
    changed = result.tables;
    await task.session.execute("ROLLBACK");
    // Names only for whoever watches with -v: the dump may be meant to be encrypted.
    task.log.warn({ attempt, tables: changed.length }, "tables came or went while they were being locked");
    task.log.debug({ attempt, tables: changed }, "these came or went");
  }
  throw new Failure(
    "postgres.table-vanished",
    `Cannot take a snapshot of "${task.database}": ${changed.join(", ")} changed while being locked`,
    { hint: "Run the backup when no tables are created, dropped, renamed or truncated." },
  );
}

async function tryOnce(task: SnapshotTask): Promise<Attempt> {
  const { session, clock } = task;
  const before = await session.rawRows<TableRow>(dumpableTablesSql);
  await session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const gone = await lockTables(task, before);
  if (gone !== null) return { kind: "changed", tables: [gone] };
  const takenAt = clock.now();
  const [row] = await session.rows<SnapshotRow>(snapshotSql);
  if (!row) throw new Failure("postgres.query", `Cannot export a snapshot of "${task.database}"`);
  const seen = await session.rawRows<TableRow>(dumpableTablesSql);
  // New since the first list. Locking them after the snapshot is late, but `isCurrent` tells if it was too late.
  const late = seen.filter((table) => !table.isLocked);
  const shot = { ...row, takenAt, encoding: session.encoding };
  if (late.length === 0) return judge(before, seen, shot);
  const lost = await lockTables(task, late);
  if (lost !== null) return { kind: "changed", tables: [lost] };
  return judge(before, await session.rawRows<TableRow>(dumpableTablesSql), shot);
}

function judge(
  before: readonly TableRow[],
  tables: readonly TableRow[],
  { encoding, ...snapshot }: SnapshotRow & { readonly takenAt: Instant; readonly encoding: string },
): Attempt {
  const oids = new Set(tables.map((table) => table.oid));
  const changed = [
    ...before.filter((table) => !oids.has(table.oid)),
    ...tables.filter((table) => !table.isLocked || !table.isCurrent),
  ];
  if (changed.length > 0)
    return { kind: "changed", tables: shownTables(changed, encoding).map(describeTable) };
  return { kind: "taken", snapshot: { ...snapshot, tables } };
}
