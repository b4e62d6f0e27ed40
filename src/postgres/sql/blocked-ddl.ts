import { quoteLiteral } from "./literal.ts";

/** A session that waits for a lock which a connection of ours holds. */
export interface BlockedRow {
  readonly pid: number;
  readonly startedAt: string;
  readonly role: string | null;
  readonly query: string | null;
  readonly table: string | null;
  readonly waitedMs: number;
  /** Whether a connection of ours waits in turn for this session: neither will ever go on. */
  readonly isDeadlock: boolean;
}

/** Waiters are found by pg_locks, which everybody may read; pg_stat_activity hides waits of other roles. */
export function blockedDdlSql(labelPrefix: string): string {
  return `
WITH ours AS (
  SELECT array_agg(pid) AS pids FROM pg_stat_activity
  WHERE left(application_name, ${labelPrefix.length}) = ${quoteLiteral(labelPrefix)}
)
SELECT l.pid, a.backend_start::text AS "startedAt", a.usename AS role,
  left(regexp_replace(a.query, '\\s+', ' ', 'g'), 120) AS query,
  CASE WHEN l.locktype = 'relation' THEN l.relation::regclass::text END AS "table",
  coalesce(floor(extract(epoch FROM clock_timestamp() - a.query_start) * 1000), 0)::bigint AS "waitedMs",
  EXISTS (SELECT FROM unnest(ours.pids) AS o (pid) WHERE l.pid = ANY (pg_blocking_pids(o.pid))) AS "isDeadlock"
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid, ours
WHERE NOT l.granted AND NOT l.pid = ANY (ours.pids) AND pg_blocking_pids(l.pid) && ours.pids
ORDER BY l.pid`;
}
