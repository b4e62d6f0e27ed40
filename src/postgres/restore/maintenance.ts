import { Failure } from "../../domain/failure.ts";
import { sleep } from "../../platform/clock.ts";
import type { ServerContext } from "../server.ts";
import { logIn } from "../session/login.ts";
import type { Refusal } from "../session/reply-reader.ts";
import type { Session } from "../session/session.ts";
import { quoteLiteral, quoteName } from "../sql/literal.ts";

/** A login to the database that was named to connect(), for statements about databases and roles. */
export async function onMaintenance<T>(
  context: ServerContext,
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { access, database } = context;
  const session = await logIn(access, { database, purpose: "restore", signal });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** DROP DATABASE that ends the sessions on it; a database that is not there is fine. */
export async function dropDatabase(
  context: ServerContext,
  database: string,
  signal: AbortSignal,
): Promise<void> {
  const sql = `DROP DATABASE IF EXISTS ${quoteName(database)} WITH (FORCE)`;
  const refusal = await onMaintenance(context, signal, (session) => session.attempt(sql));
  if (refusal) throw refused(`Cannot drop database "${database}"`, refusal);
}

export interface Rename {
  readonly from: string;
  readonly to: string;
  /** Of the failure's message; left out: both names. */
  readonly doing?: string;
  readonly signal: AbortSignal;
}

const objectInUse = "55006";
const renameTries = 50;
const renamePauseMs = 100;

/** Ends the sessions on it first. They may come back before the rename, so it is tried for some seconds. */
export async function renameDatabase(context: ServerContext, rename: Rename): Promise<void> {
  await renameTogether(context, [rename], rename.signal);
}

/** In this order and in one transaction: others see all of the new names, or none. Otherwise as renameDatabase. */
export async function renameTogether(
  context: ServerContext,
  renames: readonly Omit<Rename, "signal">[],
  signal: AbortSignal,
): Promise<void> {
  const { clock } = context.access.deps;
  await onMaintenance(context, signal, async (session) => {
    for (let attempt = 1; ; attempt++) {
      for (const { from } of renames) await endSessions(session, from);
      const refusal = await attemptAll(session, renames);
      if (refusal === null) return;
      const { from, to, sqlstate, doing = `Cannot rename database "${from}" to "${to}"` } = refusal;
      const again = sqlstate === objectInUse && attempt < renameTries;
      if (!again) throw refused(doing, refusal);
      await sleep(clock, renamePauseMs, signal);
    }
  });
}

/** Null: all are renamed. Else nothing is. */
async function attemptAll(
  session: Session,
  renames: readonly Omit<Rename, "signal">[],
): Promise<(Refusal & Omit<Rename, "signal">) | null> {
  await session.execute("BEGIN");
  for (const rename of renames) {
    const sql = `ALTER DATABASE ${quoteName(rename.from)} RENAME TO ${quoteName(rename.to)}`;
    const refusal = await session.attempt(sql);
    if (refusal === null) continue;
    await session.execute("ROLLBACK");
    return { ...refusal, ...rename };
  }
  await session.execute("COMMIT");
  return null;
}

/** Not autovacuum, which has no user: the rename ends it, and who is no superuser may not. */
async function endSessions(session: Session, database: string): Promise<void> {
  await session.rows(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = ${quoteLiteral(database)} AND usesysid IS NOT NULL AND pid <> pg_backend_pid()`);
}

/** What the server refused, as a failure of the restore. */
export function refused(doing: string, refusal: Refusal): Failure {
  const hint =
    refusal.sqlstate === objectInUse
      ? "End the sessions on it, and restore again."
      : "Mend this and restore again.";
  return new Failure("postgres.restore-failed", `${doing}: ${refusal.message}`, {
    hint,
    context: { sqlstate: refusal.sqlstate },
  });
}
