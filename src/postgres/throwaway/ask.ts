import { Failure } from "../../domain/failure.ts";
import { readStatements } from "../restore/statements.ts";
import type { ServerContext } from "../server.ts";
import { logIn } from "../session/login.ts";
import type { Session } from "../session/session.ts";

/**
 * Asks one question of a restored database: the first column of the only row, as text; null for NULL and for no row.
 * In a read-only transaction, with the search_path that the database gives to everybody. Throws "postgres.query".
 */
export async function ask(
  context: ServerContext,
  question: { readonly database: string; readonly sql: string; readonly signal: AbortSignal },
): Promise<string | null> {
  const { database, sql, signal } = question;
  const statement = onlyStatement(sql);
  const session = await logIn(context.access, { database, purpose: "query", isConverted: true, signal });
  try {
    await session.execute(await searchPath(session));
    await session.execute("BEGIN READ ONLY");
    const rows = await session.rows<{ readonly value: string | null }>(
      `SELECT (SELECT e.value FROM pg_catalog.json_each_text(pg_catalog.row_to_json(q)) WITH ORDINALITY
         AS e (key, value, at) ORDER BY e.at LIMIT 1) AS value FROM (${statement}\n) AS q LIMIT 2`,
    );
    if (rows.length > 1) throw wrongForm("it returns more than one row");
    return rows[0]?.value ?? null;
  } finally {
    await session.close();
  }
}

/** Ours are pinned to pg_catalog; an operator writes as the application does. */
async function searchPath(session: Session): Promise<string> {
  const [row] = await session.rawRows<{ readonly path: string }>(
    `SELECT coalesce((SELECT substr(setting, 13) FROM pg_db_role_setting, unnest(setconfig) AS setting
       WHERE setrole = 0 AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND setting LIKE 'search\\_path=%'), 'public') AS path`,
  );
  return `SET search_path = ${row?.path ?? "public"}`;
}

/** A second statement, or a backslash that psql would obey, is no question. */
function onlyStatement(sql: string): string {
  const [statement, ...others] = readStatements(Buffer.from(`${sql}\n;`)).filter((one) => one !== "");
  if (statement === undefined || others.length > 0) throw wrongForm("it is not exactly one statement");
  return statement;
}

function wrongForm(seen: string): Failure {
  return new Failure("postgres.query", `Cannot ask the restored database: ${seen}`, {
    hint: "Write one SELECT that returns one row.",
  });
}
