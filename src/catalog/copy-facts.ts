import type { AuditKind } from "../domain/copies/audit-finding.ts";
import type { Immutability } from "../domain/copies/storage-traits.ts";
import type { Instant } from "../domain/instant.ts";

/** What a destination said of itself at the last look. */
export interface LookRow {
  readonly destination: string;
  readonly destinationId: string;
  /** Null: what lies there can be removed at any time. */
  readonly immutability: Immutability | null;
  /** The last moment at which it kept less; null: never seen. */
  readonly weakerAt: Instant | null;
  /** When all of it was last compared with the catalog; null: never. */
  readonly auditedAt: Instant | null;
}

/** A copy that was to go, and that the storage refused to remove. */
export interface RetainedRow {
  readonly job: string;
  readonly backupId: string;
  readonly destination: string;
  /** When it was last tried. */
  readonly at: Instant;
  /** Null: nobody knows. */
  readonly until: Instant | null;
}

/** How far the copies of one job and database at one destination are read. */
export interface ReadTally {
  readonly job: string;
  readonly database: string | null;
  readonly destination: string;
  /** Being removed: none of them. */
  readonly copies: number;
  /** Damaged or missing. */
  readonly bad: number;
  /** Of the whole ones: when the one was read whose reading is longest ago; one that never was counts from its birth. */
  readonly oldestReadAt: Instant | null;
  readonly sizeBytes: number;
}

/** A file as it was when it was compared. */
export interface ComparedManifest {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface AuditFindingRow {
  readonly destination: string;
  readonly kind: AuditKind;
  /** Of the file, or of the backup. */
  readonly name: string;
  /** When it was seen first. */
  readonly at: Instant;
  readonly text: string;
}
