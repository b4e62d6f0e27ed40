import { dropDatabase, onMaintenance, refused } from "../restore/maintenance.ts";
import type { ServerContext } from "../server.ts";
import { logIn } from "../session/login.ts";
import type { Session } from "../session/session.ts";
import { quoteLiteral, quoteName } from "../sql/literal.ts";
import { scratchDatabase, scratchNote } from "./scratch-names.ts";

const dependentObjects = "2BP01";
const objectInUse = "55006";

/**
 * Removes what one proof made on a server that somebody else runs: its database, then the tablespaces and roles that
 * were missing there. What something else uses by now is left to the next proof.
 */
export async function removeScratch(
  context: ServerContext,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  const database = scratchDatabase(token);
  if (await isThere(context, database, signal)) {
    await removeSubscriptions(context, database, signal);
    await dropDatabase(context, database, signal);
  }
  await onMaintenance(context, signal, async (session) => {
    for (const name of await noted(session, { catalog: "pg_tablespace", column: "spcname", token }))
      await dropUnlessUsed(session, `DROP TABLESPACE IF EXISTS ${quoteName(name)}`);
    for (const name of await noted(session, { catalog: "pg_authid", column: "rolname", token }))
      await dropUnlessUsed(session, `DROP ROLE IF EXISTS ${quoteName(name)}`);
  });
}

async function isThere(context: ServerContext, database: string, signal: AbortSignal): Promise<boolean> {
  return onMaintenance(context, signal, async (session) => {
    const rows = await session.rows(`SELECT FROM pg_database WHERE datname = ${quoteLiteral(database)}`);
    return rows.length > 0;
  });
}

/**
 * A database with a subscription cannot be dropped, and dropping the subscription as it is would dial the publisher
 * to drop its slot there, which in production is somebody's (PROOF 4.3): so it is first told to forget the slot.
 */
async function removeSubscriptions(
  context: ServerContext,
  database: string,
  signal: AbortSignal,
): Promise<void> {
  const session = await logIn(context.access, { database, purpose: "restore", signal });
  try {
    const rows = await session.rawRows<{ readonly name: string }>(
      `SELECT subname AS name FROM pg_subscription
         WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    for (const { name } of rows) {
      const subscription = quoteName(name);
      await session.execute(`ALTER SUBSCRIPTION ${subscription} DISABLE`);
      await session.execute(`ALTER SUBSCRIPTION ${subscription} SET (slot_name = NONE)`);
      await session.execute(`DROP SUBSCRIPTION ${subscription}`);
    }
  } finally {
    await session.close();
  }
}

interface NotedObjects {
  readonly catalog: "pg_tablespace" | "pg_authid";
  readonly column: "spcname" | "rolname";
  readonly token: string;
}

async function noted(session: Session, { catalog, column, token }: NotedObjects): Promise<readonly string[]> {
  // Everybody may read pg_roles, which shows the rows of pg_authid.
  const view = catalog === "pg_authid" ? "pg_roles" : catalog;
  const rows = await session.rawRows<{ readonly name: string }>(
    `SELECT ${column} AS name FROM ${view}
       WHERE shobj_description(oid, '${catalog}') = ${quoteLiteral(scratchNote(token))}`,
  );
  return rows.map((row) => row.name);
}

async function dropUnlessUsed(session: Session, statement: string): Promise<void> {
  const refusal = await session.attempt(statement);
  if (refusal === null || [dependentObjects, objectInUse].includes(refusal.sqlstate)) return;
  throw refused("Cannot remove what a proof made", refusal);
}
