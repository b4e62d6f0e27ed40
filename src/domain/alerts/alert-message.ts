import type { Instant } from "../instant.ts";

/**
 * What is told: a job's state changed (failed, incomplete, damaged, stale, missed, suspect, recovered), what proofs
 * found or that none was made (mismatch, unproven) or that there is nothing to prove (empty), a restore takes too long
 * (rto), no proof has used the key that was put away (key), a backup or a receipt was removed by hand (gone), nothing
 * old goes any more (pruning), copies were not read in time (unread), a disk fills (disk), the tool itself is dead or mis-scheduled (dead), all is well or not
 * once a week (digest), a person asks whether messages arrive (test).
 */
export const alertEvents = [
  "failed",
  "incomplete",
  "damaged",
  "stale",
  "missed",
  "suspect",
  "mismatch",
  "unproven",
  "empty",
  "rto",
  "key",
  "gone",
  "pruning",
  "unread",
  "disk",
  "dead",
  "recovered",
  "digest",
  "test",
] as const;

export type AlertEvent = (typeof alertEvents)[number];

export type AlertSeverity = "critical" | "warning" | "info" | "resolved";

/** One thing to tell, free of any channel's form. It holds no secret. */
export interface AlertMessage {
  /** The same at each attempt, so that a receiver can drop a second delivery. */
  readonly id: string;
  readonly event: AlertEvent;
  readonly severity: AlertSeverity;
  /** What it is about, such as "job/database/codexdb": the same when it starts, escalates and recovers. */
  readonly key: string;
  readonly job: string | null;
  readonly database: string | null;
  /** One line of plain text, the failure first: job, what failed, since when, age of the last good one. */
  readonly subject: string;
  /** Plain text, one sentence or fact a line; the next step is the last one. */
  readonly lines: readonly string[];
  /** The exact command to type next; null when there is none. */
  readonly nextStep: string | null;
  readonly since: Instant | null;
  readonly lastGoodAt: Instant | null;
  readonly runId: string | null;
  readonly host: string;
  readonly at: Instant;
}
