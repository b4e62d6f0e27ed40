import { asFailure } from "../../domain/failure.ts";
import type { DatabaseSwap } from "../../domain/restores/database-names.ts";
import { underDeadline } from "../deadline.ts";
import type { ServerContext } from "../server.ts";
import { quoteLiteral, quoteName } from "../sql/literal.ts";
import { dropRestored, undoDeadlineMs, withHint } from "./drop-restored.ts";
import { onMaintenance, renameDatabase } from "./maintenance.ts";

const swapDeadlineMs = 120_000;

/**
 * Two renames. Between them nobody finds the database, so once begun they are not bound to the run's signal, and
 * neither is the undoing. The first error stays the one that is thrown; its hint says what is left to do.
 */
export async function swapDatabases(context: ServerContext, swap: DatabaseSwap): Promise<void> {
  const { database, restored, keepAs } = swap;
  try {
    context.signal.throwIfAborted();
    await underDeadline(context.access.deps.clock, swapDeadlineMs, async (signal) => {
      await renameDatabase(context, { from: database, to: keepAs, signal });
      await renameDatabase(context, { from: restored, to: database, signal });
    });
  } catch (error) {
    const end = await undo(context, swap);
    if (end.isSwapped) return;
    const doing = `Cannot put the restored database in the place of "${database}"`;
    throw withHint(asFailure(error, "postgres.restore-failed", doing), end.hint);
  }
}

interface Undone {
  /** Both renames had been done after all: only the answer was lost. */
  readonly isSwapped: boolean;
  /** Null: the old database is in its place and the restored one is gone. */
  readonly hint: string | null;
}

async function undo(context: ServerContext, swap: DatabaseSwap): Promise<Undone> {
  const { database, restored, keepAs } = swap;
  try {
    const isSwapped = await underDeadline(context.access.deps.clock, undoDeadlineMs, async (signal) => {
      const names = await present(context, swap, signal);
      if (!names.has(keepAs)) return false;
      if (names.has(database) && !names.has(restored)) return true;
      await renameDatabase(context, { from: keepAs, to: database, signal });
      return false;
    });
    return {
      isSwapped,
      hint: isSwapped ? null : await dropRestored(context, restored, "Everything is as before"),
    };
  } catch (error) {
    context.access.deps.log.error({ ...swap, error: String(error) }, "the old database is not in its place");
    const statement = `ALTER DATABASE ${quoteName(keepAs)} RENAME TO ${quoteName(database)};`;
    const left = `The old database may still be called "${keepAs}", and the restored one "${restored}"`;
    return { isSwapped: false, hint: `${left}: look with psql -l, and put the old one back: ${statement}` };
  }
}

async function present(
  context: ServerContext,
  { database, restored, keepAs }: DatabaseSwap,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const names = [database, restored, keepAs].map(quoteLiteral).join(", ");
  const sql = `SELECT datname AS name FROM pg_database WHERE datname IN (${names})`;
  const rows = await onMaintenance(context, signal, (session) =>
    session.rows<{ readonly name: string }>(sql),
  );
  return new Set(rows.map((row) => row.name));
}
