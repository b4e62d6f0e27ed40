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

/** What is known of copies beside their rows: what storages keep and refuse, what was read, what audits found. */
export interface CopyFacts {
  /** What a destination has just said of itself. */
  noteLook(look: Pick<LookRow, "destination" | "destinationId" | "immutability">, at: Instant): void;
  /** All of what lies there was compared with the catalog. */
  noteAudit(destination: string, destinationId: string, at: Instant): void;
  looks(): readonly LookRow[];
  /** Replaces that of the same copy, and ends with it; nothing happens when there is no such copy. */
  putRetained(row: RetainedRow): void;
  endRetained(job: string, backupId: string, destination: string): void;
  retained(): readonly RetainedRow[];
  /** Counted by the database. */
  readTallies(): readonly ReadTally[];
  /** So many bytes were read by a check with a budget. */
  addRead(at: Instant, bytes: number): void;
  bytesReadSince(at: Instant): number;
  comparedManifests(destination: string, destinationId: string): readonly ComparedManifest[];
  /** Replaces those of the destination, of whatever disk. */
  putComparedManifests(destination: string, destinationId: string, files: readonly ComparedManifest[]): void;
  /** Of all destinations. */
  auditFindings(): readonly AuditFindingRow[];
  /** Replaces those of the destination. */
  putAuditFindings(destination: string, rows: readonly Omit<AuditFindingRow, "destination">[]): void;

  /** Policy has removed this copy while others stay; nothing happens when its backup is not there. */
  addPrunedCopy(job: string, backupId: string, destination: string): void;
  prunedCopies(job: string): readonly { readonly backupId: string; readonly destination: string }[];
}
