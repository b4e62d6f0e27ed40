/** Something that pg_dump will want to read and this role may not. */
export interface MissingPrivilege {
  readonly kind: "schema" | "table" | "sequence" | "large object" | "row security";
  /** As SQL writes it. */
  readonly object: string;
}

/**
 * What pg_dump would stumble on: it locks every table and reads every sequence and large object. Sequences
 * count (a pg_dump that could not read one left them at 1). Row security that applies to this role would hide
 * rows; pg_dump refuses then. Large objects have no has_…_privilege before 18, hence their access lists.
 */
export const missingPrivilegesSql = `
WITH mine AS (
  SELECT c.oid, c.relkind, n.oid AS schema, format('%I.%I', n.nspname, c.relname) AS object
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
      AND d.objsubid = 0 AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
      AND NOT EXISTS (SELECT FROM pg_extension e WHERE e.oid >= 16384 AND c.oid = ANY (e.extconfig)))
), role AS (
  SELECT rolsuper FROM pg_roles WHERE rolname = current_user
)
SELECT 'schema' AS kind, quote_ident(n.nspname) AS object FROM pg_namespace n
WHERE n.oid IN (SELECT schema FROM mine) AND NOT has_schema_privilege(n.oid, 'USAGE')
UNION ALL
SELECT CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, object FROM mine
WHERE NOT CASE relkind WHEN 'S' THEN has_sequence_privilege(oid, 'SELECT')
  ELSE has_table_privilege(oid, 'SELECT') END
UNION ALL
SELECT 'row security', object FROM mine WHERE relkind IN ('r', 'p') AND row_security_active(oid)
UNION ALL
SELECT 'large object', l.oid::text FROM pg_largeobject_metadata l
WHERE NOT (SELECT rolsuper FROM role) AND NOT EXISTS (
  SELECT FROM aclexplode(coalesce(l.lomacl, acldefault('L', l.lomowner))) a
  WHERE a.privilege_type = 'SELECT'
    AND CASE a.grantee WHEN 0 THEN true ELSE pg_has_role(a.grantee, 'USAGE') END)
ORDER BY 1, 2`;
