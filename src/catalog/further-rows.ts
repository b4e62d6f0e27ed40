// Rows and filters of the door that speak of slots, messages, disks, proofs and sums.

import type { OutboxRow } from "../domain/alerts/outbox.ts";
import type { FailureReport } from "../domain/failure.ts";
import type { DiskSample } from "../domain/health/disk-forecast.ts";
import type { Instant } from "../domain/instant.ts";
import type { Level } from "../domain/level.ts";
import type { Outcome } from "../domain/outcome.ts";
import type { ProofReceipt } from "../domain/proofs/proof-receipt.ts";
import type { CopyRow } from "./catalog.ts";

/** One planned moment of a job, once it was decided. */
export interface SlotRow {
  readonly job: string;
  readonly slot: Instant;
  /** "claimed": a run was started for it; the others were not run, and `reason` says why. */
  readonly state: "claimed" | "missed" | "skipped";
  readonly reason: string | null;
  /** Of the first run that was started for it; null: none was. */
  readonly runId: string | null;
  readonly decidedAt: Instant;
  /** How many runs were started for it; the second only after the first has died. */
  readonly attempts: number;
  /** Who decided, to tell a claim whose process is gone. */
  readonly pid: number;
  readonly bootId: string;
  readonly host: string;
}

export interface SlotFilter {
  readonly job: string;
  /** Slots from here, and up to there, both included. */
  readonly since?: Instant;
  readonly until?: Instant;
  readonly limit?: number;
}

/** How many runs of a job ended so. */
export interface RunTally {
  readonly job: string;
  readonly outcome: Outcome;
  readonly count: number;
  /** When the last of them was started. */
  readonly lastAt: Instant;
}

/** How many copies at a destination are in this state, checked so far. */
export interface CopyTally {
  readonly destination: string;
  readonly state: CopyRow["state"];
  readonly level: Level;
  readonly count: number;
  /** When the oldest of these backups was made. */
  readonly oldestAt: Instant;
}

export type OutboxEntry = Pick<OutboxRow, "channel" | "key" | "content" | "createdAt" | "lapsesAt">;

/** The last attempt through a channel. */
export interface ChannelResult {
  readonly channel: string;
  readonly triedAt: Instant;
  /** Null: nothing ever went through. */
  readonly deliveredAt: Instant | null;
  /** Null: the last attempt went through. */
  readonly failure: FailureReport | null;
}

export interface ForeignFileRow {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly firstSeenAt: Instant;
}

export interface DiskSampleRow extends DiskSample {
  readonly destination: string;
  /** Of the sentinel: another disk under the same name has a history of its own. */
  readonly destinationId: string;
}

/** What one proof of one copy found; it outlives the backup, since how long a restore takes stays worth knowing. */
export interface ProofRow {
  readonly job: string;
  readonly backupId: string;
  readonly database: string | null;
  readonly destinationId: string;
  /** When it ended. */
  readonly at: Instant;
  readonly outcome: ProofReceipt["outcome"];
  readonly durationMs: number;
  /** Of that, until the restore itself was done; null: it never was. */
  readonly restoreMs: number | null;
  /** Uncompressed, unencrypted. */
  readonly contentBytes: number;
  readonly server: string | null;
  /** The recipient whose identity decrypted it; null: not encrypted. */
  readonly openedBy: string | null;
  /** One line for people. */
  readonly summary: string;
  /** Null for "proven". "proof.assertion": what was compared is equal, and an assertion is not true. */
  readonly failure: FailureReport | null;
}

export interface ProofFilter {
  readonly job?: string;
  readonly database?: string | null;
  readonly backupId?: string;
  readonly outcome?: ProofRow["outcome"];
  /** Newest first, at most so many. */
  readonly limit?: number;
}

export interface ProfileFilter {
  readonly job: string;
  readonly database: string | null;
  /** Only of backups made before: one that a wrong clock has dated into the future tells nothing of what is usual now. */
  readonly before: Instant;
  /** At most so many. */
  readonly limit: number;
}

/** What a run has seen and status cannot see by itself. */
export interface TroubleRow {
  /**
   * "gone": a copy or a receipt that no policy removed; "pruning": nothing old goes any more. Each is told until a later
   * look finds it over, and what is gone also until somebody accepts that.
   */
  readonly kind: "gone" | "pruning";
  readonly job: string;
  readonly database: string | null;
  /** Empty: it is about the destination. */
  readonly backupId: string;
  readonly destination: string;
  /** Empty: the whole copy. */
  readonly file: string;
  /** When it was seen first. */
  readonly at: Instant;
  /** Half a sentence. */
  readonly text: string;
}

/** The receipt of a proof, as it lay beside a copy. */
export interface ProofFileRow {
  readonly job: string;
  readonly destination: string;
  readonly backupId: string;
  readonly name: string;
}

export interface RunFilter {
  readonly job?: string;
  readonly database?: string | null;
  /** Newest first, at most so many. */
  readonly limit?: number;
  readonly unfinishedOnly?: boolean;
  /** Only runs started before this one; unknown: none. */
  readonly before?: string;
}

export interface BackupFilter {
  readonly job?: string;
  readonly database?: string | null;
  /** True: only those with a proof. */
  readonly isProven?: boolean;
  /** True: only those with a copy that was found damaged. */
  readonly isDamaged?: boolean;
  /** Newest first, at most so many. */
  readonly limit?: number;
  /** Only those that come after this one in that order; unknown: none. */
  readonly before?: { readonly job: string; readonly id: string };
}
