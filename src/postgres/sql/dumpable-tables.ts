import { showerOf } from "../encodings.ts";

/** One table or partitioned parent that pg_dump locks, dumps the rows of, or both. */
export interface TableRow {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** False for partitioned parents: they are locked and have no rows of their own. */
  readonly hasRows: boolean;
  /** The root through which the rows of a hash partition on an enum are loaded; null for other tables. */
  readonly rootSchema: string | null;
  readonly rootName: string | null;
  /** The condition of an extension's configuration table ("WHERE …"); null: all rows. */
  readonly filter: string | null;
  /** COPY's column list, in order: neither dropped nor generated. */
  readonly columns: readonly string[];
  /** Whether the file that our snapshot sees is still the current one: false after a TRUNCATE or rewrite. */
  readonly isCurrent: boolean;
  /** Whether our own transaction holds a lock on it. */
  readonly isLocked: boolean;
}

/** The same with names as people and fingerprints are told them. */
export function shownTables(tables: readonly TableRow[], encoding: string): readonly TableRow[] {
  const show = showerOf(encoding);
  const shown = (name: string | null) => (name === null ? null : show(name));
  return tables.map(({ schema, name, rootSchema, rootName, columns, ...rest }) => ({
    ...rest,
    schema: show(schema),
    name: show(name),
    rootSchema: shown(rootSchema),
    rootName: shown(rootName),
    columns: columns.map(show),
  }));
}

/**
 * What pg_dump dumps as rows, by its own rules (selectDumpableTable, processExtensionTables, makeTableDataInfo
 * and forcePartitionRootLoad in its source): ordinary tables outside the system's schemas, no members of
 * extensions except those registered by pg_extension_config_dump of extensions that are not built in (16384 is
 * the first oid that initdb does not hand out), unlogged ones not on a standby. Views, foreign tables,
 * materialized views and temporary tables have no COPY. Partitioned parents are listed to be locked.
 */
export const dumpableTablesSql = `
WITH enum_hash AS (
  SELECT o.oid FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod
  WHERE o.opcname = 'enum_ops' AND o.opcnamespace = 'pg_catalog'::regnamespace AND m.amname = 'hash'
), unsafe AS (
  SELECT partrelid FROM pg_partitioned_table WHERE (SELECT oid FROM enum_hash) = ANY (partclass)
), config AS (
  SELECT u.oid, nullif(u.condition, '') AS condition
  FROM pg_extension e, unnest(e.extconfig, e.extcondition) AS u (oid, condition) WHERE e.oid >= 16384
), held AS (
  SELECT DISTINCT relation FROM pg_locks
  WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
), listed AS (
  SELECT c.oid, c.relname, c.relnamespace, c.relkind, c.relfilenode, config.condition,
    CASE WHEN c.relispartition AND EXISTS (
      SELECT FROM pg_partition_ancestors(c.oid) a JOIN unsafe ON unsafe.partrelid = a.relid
    ) THEN pg_partition_root(c.oid)::oid END AS root
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN config ON config.oid = c.oid
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
    AND (config.oid IS NOT NULL OR (n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND d.objsubid = 0 AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass)))
    AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())
)
SELECT l.oid::text AS oid, n.nspname AS schema, l.relname AS name, l.relkind = 'r' AS "hasRows",
  rn.nspname AS "rootSchema", r.relname AS "rootName", l.condition AS filter,
  coalesce((SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = l.oid
    AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '[]') AS columns,
  l.relkind = 'p' OR coalesce(pg_relation_filenode(l.oid) = l.relfilenode, false) AS "isCurrent",
  held.relation IS NOT NULL AS "isLocked"
FROM listed l JOIN pg_namespace n ON n.oid = l.relnamespace
  LEFT JOIN pg_class r ON r.oid = l.root LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace
  LEFT JOIN held ON held.relation = l.oid
ORDER BY n.nspname, l.relname`;
