/** Somebody who holds, or waits before us for, a lock that keeps us out. */
export interface LockHolderRow {
  readonly table: string;
  readonly pid: number;
  readonly role: string | null;
  readonly application: string | null;
  readonly query: string | null;
}

/** Only ACCESS EXCLUSIVE is in the way of the ACCESS SHARE that a dump takes. */
export function lockHoldersSql(oids: readonly string[]): string {
  return `
SELECT format('%I.%I', n.nspname, c.relname) AS "table", l.pid, a.usename AS role,
  a.application_name AS application, left(regexp_replace(a.query, '\\s+', ' ', 'g'), 120) AS query
FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.relation = ANY (ARRAY[${oids.join(",")}]::oid[])
ORDER BY l.granted DESC, l.pid`;
}
