/** Something about a backup that its job's history does not let one expect. Kept in the manifest, so signed with it. */
export interface Anomaly {
  readonly kind: "size" | "duration" | "tables" | "rows";
  /** For people: what was seen, and what was expected. */
  readonly message: string;
}

/** What the gate compares: the same of every backup, kept in the catalog, which never leaves this machine. */
export interface BackupProfile {
  readonly durationMs: number;
  /** Of the uncompressed, unencrypted content. */
  readonly contentBytes: number;
  /** Tables of a dump, or files of a capsule's top folders; null when they are not known. */
  readonly parts: readonly ProfilePart[] | null;
}

export interface ProfilePart {
  /** schema.table, quoted where SQL would need it; of a capsule a folder at the top. */
  readonly name: string;
  /** Rows, or files. */
  readonly count: number;
  readonly bytes: number;
}
