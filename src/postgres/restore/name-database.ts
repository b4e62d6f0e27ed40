import { asFailure } from "../../domain/failure.ts";
import type { DatabaseNaming } from "../../domain/restores/database-names.ts";
import { underDeadline } from "../deadline.ts";
import type { ServerContext } from "../server.ts";
import { quoteLiteral } from "../sql/literal.ts";
import { dropRestored, undoDeadlineMs, withHint } from "./drop-restored.ts";
import { onMaintenance, renameDatabase } from "./maintenance.ts";

const nameDeadlineMs = 120_000;

/** See PostgresRestorer.name. One rename; once begun it is not bound to the run's signal, and neither is the dropping. */
export async function nameDatabase(context: ServerContext, naming: DatabaseNaming): Promise<void> {
  const { database, restored } = naming;
  const doing = `Cannot give the restored database its name "${database}"`;
  try {
    context.signal.throwIfAborted();
    await underDeadline(context.access.deps.clock, nameDeadlineMs, (signal) =>
      renameDatabase(context, { from: restored, to: database, doing, signal }),
    );
  } catch (error) {
    if (await isNamed(context, naming)) return;
    const hint = await dropRestored(context, restored, `It is not called "${database}"`);
    throw withHint(asFailure(error, "postgres.restore-failed", doing), hint);
  }
}

/** Whether it had been renamed after all: only the answer was lost. False also when that cannot be told. */
async function isNamed(context: ServerContext, { database, restored }: DatabaseNaming): Promise<boolean> {
  const { clock, log } = context.access.deps;
  const names = [database, restored].map(quoteLiteral).join(", ");
  const sql = `SELECT datname AS name FROM pg_database WHERE datname IN (${names})`;
  try {
    const rows = await underDeadline(clock, undoDeadlineMs, (signal) =>
      onMaintenance(context, signal, (session) => session.rawRows<{ readonly name: string }>(sql)),
    );
    return rows.length === 1 && rows[0]?.name === database;
  } catch (error) {
    log.error(
      { ...{ database, restored }, error: String(error) },
      "the restored database may have its name or not",
    );
    return false;
  }
}
