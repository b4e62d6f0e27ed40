import type { Access } from "../access.ts";
import { takes } from "../encodings.ts";
import { logIn } from "../session/login.ts";

export interface GlobalsDatabase {
  readonly database: string;
  readonly encoding: string;
}

interface NamesRow {
  /** All in one. */
  readonly names: string;
  readonly others: readonly GlobalsDatabase[];
}

const sql = `SELECT (SELECT string_agg(name, ' ') FROM (SELECT rolname AS name FROM pg_roles
    UNION ALL SELECT spcname FROM pg_tablespace) AS named) AS names,
  (SELECT json_agg(json_build_object('database', datname, 'encoding', pg_encoding_to_char(encoding))
      ORDER BY datistemplate, datname <> 'postgres', datname) FROM pg_database
    WHERE datallowconn AND has_database_privilege(oid, 'CONNECT')) AS others`;

/**
 * The database in which pg_dumpall can ask for every role by its name: names are in the encoding of whatever database
 * their maker was in, and one of another encoding refuses their bytes. The wanted one where it takes them all, or where
 * none does.
 */
export async function databaseForGlobals(
  access: Access,
  { database, signal }: { readonly database: string; readonly signal: AbortSignal },
): Promise<GlobalsDatabase> {
  const session = await logIn(access, { database, purpose: "query", signal });
  try {
    const { encoding } = session;
    const [row] = await session.rawRows<NamesRow>(sql);
    const wanted = { database, encoding };
    if (row === undefined || takes(encoding, row.names)) return wanted;
    // A program's argument cannot be what is no UTF-8.
    const nameable = row.others.filter((other) => other.database.isWellFormed());
    return nameable.find((other) => takes(other.encoding, row.names)) ?? wanted;
  } finally {
    await session.close();
  }
}
