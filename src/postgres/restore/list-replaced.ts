import { replacedAt } from "../../domain/backups/restoring-name.ts";
import type { ReplacedDatabase } from "../../domain/restores/database-names.ts";
import { showDatabase } from "../encodings.ts";
import type { ServerContext } from "../server.ts";
import { onMaintenance } from "./maintenance.ts";

interface Row {
  readonly name: string;
  readonly sizeBytes: string | null;
  readonly sessions: number;
}

const sql = `SELECT d.datname AS name,
  CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid)::text END AS "sizeBytes",
  (SELECT count(*) FROM pg_stat_activity AS a WHERE a.datid = d.oid AND a.usesysid IS NOT NULL)::int AS sessions
FROM pg_database AS d WHERE d.datname LIKE '%\\_before\\_%' AND NOT d.datistemplate`;

/** See PostgresRestorer.listReplaced. */
export async function listReplaced(context: ServerContext): Promise<readonly ReplacedDatabase[]> {
  const rows = await onMaintenance(context, context.signal, (session) => session.rawRows<Row>(sql));
  return rows
    .map((row) => ({ ...row, name: showDatabase(row.name) }))
    .filter(({ name }) => replacedAt(name) !== null)
    .map(({ name, sizeBytes, sessions }) => ({
      name,
      sizeBytes: sizeBytes === null ? null : Number(sizeBytes),
      sessions,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
