import type { Instant } from "../instant.ts";

/** Something about a backup that its job's history does not let one expect. Kept in the manifest, so signed with it. */
export interface Anomaly {
  readonly kind: AnomalyKind;
  /** For people: what was seen, and what was expected. */
  readonly message: string;
}

/**
 * Of a capsule, "folders" and "files" are what "tables" and "rows" are of a dump. "uncompared": its history could not
 * be read.
 */
export const anomalyKinds = ["size", "duration", "tables", "rows", "folders", "files", "uncompared"] as const;

export type AnomalyKind = (typeof anomalyKinds)[number];

/** What the gate compares: the same of every backup, kept in the catalog, which never leaves this machine. */
export interface BackupProfile {
  readonly durationMs: number;
  /** Of the uncompressed, unencrypted content. */
  readonly contentBytes: number;
  /** Tables of a dump, or files of a capsule's top folders; null when they are not known. */
  readonly parts: readonly ProfilePart[] | null;
  /**
   * Without the accepted ones it would be suspect: what somebody has accepted has come again. It stands for them when
   * they are pruned, as a table that is emptied each Sunday outlives the first Sunday. Left out: it would not.
   */
  readonly isLikeAccepted?: boolean | undefined;
}

export interface ProfilePart {
  /** schema.table, quoted where SQL would need it; of a capsule a folder at the top. */
  readonly name: string;
  /** Rows, or files. */
  readonly count: number;
  readonly bytes: number;
}

/** An earlier backup of the same job and database: complete, and not suspect unless somebody has accepted it. */
export interface PastProfile {
  readonly createdAt: Instant;
  readonly profile: BackupProfile;
  /** Somebody has looked at what was suspect of it, or of one like it: from then on it is what may be expected. */
  readonly isAccepted: boolean;
}

/** So many of the newest earlier backups are looked at. */
export const profilesLookedAt = 30;
