import { Failure } from "../../domain/failure.ts";
import type { RelationName, RowCount } from "../../domain/restores/table-choice.ts";
import type { ServerContext } from "../server.ts";
import { logIn } from "../session/login.ts";
import type { Session } from "../session/session.ts";
import { dumpableTablesSql, shownTables, type TableRow } from "../sql/dumpable-tables.ts";
import { quoteName } from "../sql/literal.ts";

/** See PostgresRestorer.countRows. One session; every count is one statement. */
export async function countRows(
  context: ServerContext,
  database: string,
  tables: readonly RelationName[],
): Promise<readonly RowCount[]> {
  const session = await logIn(context.access, { database, purpose: "query", signal: context.signal });
  try {
    // Row security would hide rows in silence; so an error tells of it.
    await session.execute("SET row_security = off");
    const there = await session.rawRows<TableRow>(dumpableTablesSql);
    const shown = shownTables(there, session.encoding).map(keyOf);
    const rows = new Map(there.map((row, at) => [shown[at], row]));
    const counts: RowCount[] = [];
    for (const table of tables) counts.push(await countOf(session, rows.get(keyOf(table))));
    return counts;
  } finally {
    await session.close();
  }
}

function keyOf({ schema, name }: RelationName): string {
  return JSON.stringify([schema, name]);
}

/** An extension fills its tables itself; of these pg_dump takes, and so we count, what its filter lets through. */
async function countOf(session: Session, table: TableRow | undefined): Promise<RowCount> {
  if (table === undefined) return "missing";
  const from = `${table.hasRows ? "ONLY " : ""}${quoteName(table.schema)}.${quoteName(table.name)}`;
  try {
    const [row] = await session.rows<{ readonly n: string }>(
      `SELECT count(*)::text AS n FROM ${from} ${table.filter ?? ""}`,
    );
    return row === undefined ? "hidden" : Number(row.n);
  } catch (error) {
    if (error instanceof Failure && error.code === "postgres.query") return "hidden";
    throw error;
  }
}
