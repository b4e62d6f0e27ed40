import { describeTable } from "../../domain/backups/fingerprint.ts";
import { Failure } from "../../domain/failure.ts";
import type { Refusal } from "../session/reply-reader.ts";
import { queryRefused } from "../session/session.ts";
import { shownTables, type TableRow } from "../sql/dumpable-tables.ts";
import { quoteName } from "../sql/literal.ts";
import { type LockHolderRow, lockHoldersSql } from "../sql/lock-holders.ts";
import type { SnapshotTask } from "./take-snapshot.ts";

const tablesPerStatement = 200;

const lockNotAvailable = "55P03";
const outOfMemory = "53200";
const notPermitted = "42501";
/** undefined_table, invalid_schema_name, wrong_object_type: what the name meant has changed. */
const vanished: ReadonlySet<string> = new Set(["42P01", "3F000", "42809"]);

/**
 * Takes ACCESS SHARE on all of them inside the open transaction, without any query that would take the
 * snapshot. Returns null, or what the server said of a table that is gone (the transaction is then void).
 */
export async function lockTables(task: SnapshotTask, tables: readonly TableRow[]): Promise<string | null> {
  for (let from = 0; from < tables.length; from += tablesPerStatement) {
    const batch = tables.slice(from, from + tablesPerStatement);
    const names = batch.map((table) => `ONLY ${quoteName(table.schema)}.${quoteName(table.name)}`);
    const refusal = await task.session.attempt(`LOCK TABLE ${names.join(", ")} IN ACCESS SHARE MODE`);
    if (refusal === null) continue;
    if (vanished.has(refusal.sqlstate)) return refusal.message;
    throw await refusedLock(task, batch, refusal);
  }
  return null;
}

async function refusedLock(
  task: SnapshotTask,
  batch: readonly TableRow[],
  refusal: Refusal,
): Promise<Failure> {
  await task.session.execute("ROLLBACK");
  if (refusal.sqlstate === outOfMemory) {
    return new Failure("postgres.query", `Cannot lock the tables of "${task.database}": ${refusal.message}`, {
      hint: "Raise max_locks_per_transaction.",
      context: { sqlstate: refusal.sqlstate },
    });
  }
  if (refusal.sqlstate === notPermitted) {
    return new Failure(
      "postgres.permission",
      `Cannot lock the tables of "${task.database}": ${refusal.message}`,
      {
        hint: "Grant the role SELECT on it, or pg_read_all_data.",
      },
    );
  }
  if (refusal.sqlstate !== lockNotAvailable) return queryRefused(task.database, refusal);
  const holders = await task.session.rows<LockHolderRow>(lockHoldersSql(batch.map((table) => table.oid)));
  const seen = holders[0]
    ? describeHolder(holders[0])
    : `one of ${shownTables(batch.slice(0, 3), task.session.encoding).map(describeTable).join(", ")}`;
  return new Failure(
    "postgres.lock-timeout",
    `Cannot lock the tables of "${task.database}" within ${task.lockWaitMs / 1000} s: ${seen}`,
    { hint: "Run the backup when no DDL, VACUUM FULL or CLUSTER runs, or raise postgres.lockWait." },
  );
}

function describeHolder(holder: LockHolderRow): string {
  const who = [holder.role, holder.application].filter((word) => word !== null && word !== "").join(", ");
  const query = holder.query ? ` for "${holder.query}"` : "";
  return `${holder.table} is locked by process ${holder.pid} (${who})${query}`;
}
