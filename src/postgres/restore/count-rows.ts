import type { RelationName } from "../../domain/restores/table-choice.ts";
import type { ServerContext } from "../server.ts";
import { logIn } from "../session/login.ts";
import { quoteLiteral, quoteName } from "../sql/literal.ts";

/** See PostgresRestorer.countRows. One session; every count is one statement. */
export async function countRows(
  context: ServerContext,
  database: string,
  tables: readonly RelationName[],
): Promise<readonly (number | null)[]> {
  const session = await logIn(context.access, { database, purpose: "query", signal: context.signal });
  try {
    // Row security would hide rows in silence; so an error tells of it.
    await session.execute("SET row_security = off");
    const counts: (number | null)[] = [];
    for (const table of tables) {
      const [kind] = await session.rows<{ readonly kind: string }>(kindSql(table));
      if (kind === undefined) {
        counts.push(null);
        continue;
      }
      const only = kind.kind === "p" ? "" : "ONLY ";
      const sql = `SELECT count(*)::text AS n FROM ${only}${quoteName(table.schema)}.${quoteName(table.name)}`;
      const [row] = await session.rows<{ readonly n: string }>(sql);
      counts.push(row === undefined ? null : Number(row.n));
    }
    return counts;
  } finally {
    await session.close();
  }
}

function kindSql({ schema, name }: RelationName): string {
  return `SELECT c.relkind AS kind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ${quoteLiteral(schema)} AND c.relname = ${quoteLiteral(name)}`;
}
