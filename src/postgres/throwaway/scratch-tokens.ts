import { onMaintenance } from "../restore/maintenance.ts";
import type { ServerContext } from "../server.ts";
import { tokenOfDatabase, tokenOfNote } from "./scratch-names.ts";

/** The proofs that have left something on that server, or are still there. */
export async function scratchTokens(context: ServerContext): Promise<readonly string[]> {
  const rows = await onMaintenance(context, context.signal, (session) =>
    session.rows<{ readonly database: string | null; readonly note: string | null }>(
      `SELECT datname AS database, NULL AS note FROM pg_database
       UNION SELECT NULL, shobj_description(oid, 'pg_authid') FROM pg_roles
       UNION SELECT NULL, shobj_description(oid, 'pg_tablespace') FROM pg_tablespace`,
    ),
  );
  const tokens = rows.flatMap(({ database, note }) => [
    ...(database === null ? [] : [tokenOfDatabase(database)]),
    ...(note === null ? [] : [tokenOfNote(note)]),
  ]);
  return [...new Set(tokens.filter((token) => token !== null))].sort();
}
