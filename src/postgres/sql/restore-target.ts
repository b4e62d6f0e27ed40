import { quoteLiteral } from "./literal.ts";

/** What a server offers to a restore, in one row. */
export interface TargetRow {
  readonly exists: boolean;
  readonly sessions: number;
  /** When a session on it last did something, in ISO 8601; null when none is there or this role may not see it. */
  readonly lastActive: string | null;
  /** On the server's machine; null when this role may not know. */
  readonly dataDirectory: string | null;
  /** As text; null when it does not exist or this role may not ask. */
  readonly sizeBytes: string | null;
  /** Of template0, and so of a database for which none is asked. */
  readonly encoding: string;
  /** All databases that are called as if they were being restored, and that no session uses; null: none. */
  readonly restoring: readonly string[] | null;
  readonly mayCreate: boolean;
  readonly mayCreateRoles: boolean;
  readonly isSuperuser: boolean;
  readonly roles: readonly string[];
  readonly tablespaces: readonly string[];
  readonly extensions: readonly { readonly name: string; readonly version: string }[];
  readonly locales: readonly {
    readonly provider: string;
    readonly name: string | null;
    readonly version: string | null;
  }[];
}

/** The names of ICU locales have moved between columns: the row of pg_collation goes over as JSON first. */
export function restoreTargetSql(database: string): string {
  return `
SELECT EXISTS (SELECT FROM pg_database WHERE datname = ${quoteLiteral(database)}) AS exists,
  (SELECT count(*) FROM pg_stat_activity WHERE datname = ${quoteLiteral(database)})::int AS sessions,
  (SELECT to_char(max(greatest(query_start, state_change)) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    FROM pg_stat_activity WHERE datname = ${quoteLiteral(database)}) AS "lastActive",
  (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS "dataDirectory",
  (SELECT CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid)::text END
    FROM pg_database WHERE datname = ${quoteLiteral(database)}) AS "sizeBytes",
  (SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'template0') AS encoding,
  (SELECT json_agg(datname ORDER BY datname) FROM pg_database AS d WHERE datname LIKE '%\\_restoring\\_______'
    AND NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datid = d.oid AND a.usesysid IS NOT NULL)) AS restoring,
  coalesce((SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user), false) AS "mayCreate",
  coalesce((SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user), false) AS "mayCreateRoles",
  coalesce((SELECT rolsuper FROM pg_roles WHERE rolname = current_user), false) AS "isSuperuser",
  (SELECT json_agg(rolname) FROM pg_roles) AS roles,
  (SELECT json_agg(spcname) FROM pg_tablespace) AS tablespaces,
  (SELECT json_agg(json_build_object('name', name, 'version', default_version)) FROM pg_available_extensions)
    AS extensions,
  (SELECT json_agg(DISTINCT jsonb_build_object('provider', c ->> 'collprovider',
      'name', coalesce(c ->> 'colllocale', c ->> 'colliculocale', c ->> 'collcollate'),
      'version', pg_collation_actual_version((c ->> 'oid')::oid)))
    FROM (SELECT to_jsonb(pg_collation) AS c FROM pg_collation) AS listed
    WHERE c ->> 'collprovider' IN ('c', 'i')) AS locales`;
}
