/** What doctor asks of a database beside its privileges, in one row. */
export interface ExaminationRow {
  /** Milliseconds since 1970, by the server's clock. */
  readonly now: string;
  /** As the role or the database sets it; our own sessions have none. */
  readonly statementTimeout: string | null;
  /** Null where the role may not know it. */
  readonly dataDirectory: string | null;
  readonly sizeBytes: string;
  /** One that may log in; null: the role may not know, or there is none. */
  readonly superuser: string | null;
}

export const examinationSql = `
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS now,
  (SELECT substr(c, length('statement_timeout=') + 1) FROM pg_db_role_setting s, unnest(s.setconfig) c
    WHERE s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = current_user))
      AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      AND c LIKE 'statement\\_timeout=%' AND c !~ '=0[a-z]*$'
    ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1) AS "statementTimeout",
  (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS "dataDirectory",
  pg_database_size(current_database())::text AS "sizeBytes",
  (SELECT rolname FROM pg_roles WHERE rolsuper AND rolcanlogin ORDER BY rolname <> current_user, oid LIMIT 1)
    AS superuser`;

export interface MissingLibraryRow {
  readonly library: string;
  readonly example: string;
  readonly isNeededToRead: boolean;
}

/**
 * For a superuser, who alone may look at the server's files: libraries of C functions that are gone. One whose
 * function prints the values of a column that exists is needed by each dump.
 */
export const missingLibrariesSql = `
SELECT library, example, "isNeededToRead" FROM (
  SELECT p.probin AS library, min(p.oid::regprocedure::text) AS example,
    bool_or(EXISTS (SELECT FROM pg_type t JOIN pg_attribute a ON a.atttypid = t.oid AND NOT a.attisdropped
      JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
      WHERE t.typoutput = p.oid)) AS "isNeededToRead",
    replace(p.probin, '$libdir', (SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR')) AS path
  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
  WHERE l.lanname = 'c' AND p.probin LIKE '$libdir/%' GROUP BY p.probin) used
WHERE (pg_stat_file(path, true)).size IS NULL AND (pg_stat_file(path || '.so', true)).size IS NULL
ORDER BY library`;

/** For everybody else: extensions that the server no longer offers. */
export const missingExtensionsSql = `
SELECT e.extname AS library, 'extension ' || quote_ident(e.extname) AS example, false AS "isNeededToRead"
FROM pg_extension e WHERE NOT EXISTS (SELECT FROM pg_available_extensions a WHERE a.name = e.extname)
ORDER BY e.extname`;
