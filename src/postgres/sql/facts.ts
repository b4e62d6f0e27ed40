/** The database itself, its extensions, collations, roles and what a dump cannot hold, in one row. */
export interface FactsRow {
  readonly database: Readonly<Record<string, string | number | boolean | null>>;
  readonly encoding: string;
  readonly sizeBytes: string;
  readonly extensions: readonly {
    readonly name: string;
    readonly version: string;
    readonly schema: string;
  }[];
  readonly collations: readonly {
    readonly name: string;
    readonly provider: string;
    readonly version: string | null;
  }[];
  readonly roles: readonly string[];
  readonly leftOut: readonly { readonly object: string; readonly reason: string }[];
}

/** Owners and grantees are what pg_shdepend records; the bootstrap role (oid 10) is pinned and never in it. */
const rolesSql = `
  SELECT r.rolname FROM pg_roles r WHERE r.oid IN (
    SELECT s.refobjid FROM pg_shdepend s, me WHERE s.refclassid = 'pg_authid'::regclass
      AND (s.dbid = me.oid OR (s.classid = 'pg_database'::regclass AND s.objid = me.oid))
    UNION SELECT datdba FROM me
    UNION SELECT setrole FROM pg_db_role_setting, me WHERE setdatabase = me.oid
    UNION SELECT relowner FROM pg_class WHERE oid >= 16384 AND relowner = 10
    UNION SELECT proowner FROM pg_proc WHERE oid >= 16384 AND proowner = 10
    UNION SELECT nspowner FROM pg_namespace WHERE oid >= 16384 AND nspowner = 10)`;

const leftOutSql = `
  SELECT 'foreign table ' || format('%I.%I', n.nspname, c.relname) AS object,
    'its rows live on another server' AS reason
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'f'
  UNION ALL
  SELECT 'materialized view ' || format('%I.%I', n.nspname, c.relname),
    'its rows are computed again by the restore'
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm'
  UNION ALL
  SELECT 'table ' || format('%I.%I', n.nspname, c.relname),
    'it belongs to extension ' || e.extname || CASE WHEN config.oid IS NULL
      THEN ', which does not register its rows for dumps'
      ELSE ', which registers only part of its rows: ' || config.condition END
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
      AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
    JOIN pg_extension e ON e.oid = d.refobjid
    LEFT JOIN LATERAL (SELECT u.oid, u.condition FROM unnest(e.extconfig, e.extcondition) AS u (oid, condition)
      WHERE u.oid = c.oid AND e.oid >= 16384) config ON true
  WHERE c.relkind = 'r' AND (config.oid IS NULL OR config.condition <> '')
  UNION ALL
  SELECT 'table ' || format('%I.%I', n.nspname, c.relname), 'it is unlogged, and a standby has no rows of it'
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence = 'u' AND pg_is_in_recovery()
  UNION ALL
  SELECT 'subscription ' || quote_ident(s.subname), 'only a superuser''s dump holds subscriptions'
  FROM pg_subscription s, me WHERE s.subdbid = me.oid
    AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
  ORDER BY 1`;

// Columns that pg_subscription keeps from ordinary roles are not touched. The row of pg_database goes over
// whole, because the names of its locale columns differ between 13, 15 and 17.
export const factsSql = `
WITH me AS (SELECT * FROM pg_database WHERE datname = current_database())
SELECT (SELECT to_jsonb(me) - 'datacl' FROM me) AS database,
  (SELECT pg_encoding_to_char(encoding) FROM me) AS encoding,
  pg_database_size(current_database())::text AS "sizeBytes",
  coalesce((SELECT json_agg(json_build_object('name', e.extname, 'version', e.extversion,
    'schema', n.nspname) ORDER BY e.extname)
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace), '[]') AS extensions,
  coalesce((SELECT json_agg(json_build_object('name', n.nspname || '.' || c.collname,
    'provider', c.collprovider, 'version', c.collversion) ORDER BY n.nspname, c.collname)
    FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') OR (c.collname NOT IN ('default', 'C', 'POSIX')
      AND c.oid IN (SELECT attcollation FROM pg_attribute WHERE attrelid >= 16384))), '[]') AS collations,
  coalesce((SELECT json_agg(rolname ORDER BY rolname) FROM (${rolesSql}) r), '[]') AS roles,
  coalesce((SELECT json_agg(json_build_object('object', object, 'reason', reason))
    FROM (${leftOutSql}) l), '[]') AS "leftOut"`;
