import { asFailure } from "../../domain/failure.ts";
import type { DatabaseSwap } from "../../domain/restores/database-names.ts";
import { underDeadline } from "../deadline.ts";
import type { ServerContext } from "../server.ts";
import { quoteLiteral } from "../sql/literal.ts";
import { terminateBackends } from "../terminate.ts";
import { dropRestored, undoDeadlineMs, withHint } from "./drop-restored.ts";
import { onMaintenance, renameTogether } from "./maintenance.ts";

const swapDeadlineMs = 120_000;

/**
 * Two renames in one transaction: whoever dies meanwhile, we or the server, each database bears its old name or each
 * its new one. Once begun it is not bound to the run's signal, and neither is the clean-up. The first error stays the
 * one that is thrown; its hint says what is left to do.
 */
export async function swapDatabases(context: ServerContext, swap: DatabaseSwap): Promise<void> {
  const { database, restored, keepAs } = swap;
  const renames = [
    { from: database, to: keepAs },
    { from: restored, to: database, doing: `Cannot put the restored database in the place of "${database}"` },
  ];
  try {
    context.signal.throwIfAborted();
    await underDeadline(context.access.deps.clock, swapDeadlineMs, (signal) =>
      renameTogether(context, renames, signal),
    );
  } catch (error) {
    const end = await cleanUp(context, swap);
    if (end.isSwapped) return;
    const doing = `Cannot put the restored database in the place of "${database}"`;
    throw withHint(asFailure(error, "postgres.restore-failed", doing), end.hint);
  }
}

interface Ended {
  /** Both had been renamed after all: only the answer was lost. */
  readonly isSwapped: boolean;
  /** Null: the old database is in its place and the restored one is gone. */
  readonly hint: string | null;
}

async function cleanUp(context: ServerContext, swap: DatabaseSwap): Promise<Ended> {
  const { access } = context;
  const { database, restored, keepAs } = swap;
  // A server process of ours that still waits would keep both names locked.
  await terminateBackends(access, { database: context.database, purposes: ["restore"] });
  try {
    const names = await underDeadline(access.deps.clock, undoDeadlineMs, (signal) =>
      present(context, swap, signal),
    );
    if (names.has(keepAs) && !names.has(restored)) return { isSwapped: true, hint: null };
    return { isSwapped: false, hint: await dropRestored(context, restored, "Everything is as before") };
  } catch (error) {
    access.deps.log.error({ ...swap, error: String(error) }, "which database bears which name is not known");
    const left = `Look with psql -l: while there is "${restored}", "${database}" is the old database and that one the restored copy`;
    return { isSwapped: false, hint: `${left}; when it is gone, the old one is called "${keepAs}"` };
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
    session.rawRows<{ readonly name: string }>(sql),
  );
  return new Set(rows.map((row) => row.name));
}
