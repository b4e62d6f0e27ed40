/** How far a long step is; for terminals, and for the watch that notices when nothing moves any more. */
export interface Progress {
  /** What the step is about: a job by its name; for a restore, the database or directory that it makes. */
  readonly subject: string;
  readonly step: "dump" | "capsule" | "read back" | "copy" | "verify" | "restore" | "checksums";
  readonly doneBytes: number;
  /** Null when nobody knows beforehand. */
  readonly totalBytes: number | null;
  /** The table or file at hand; null when it cannot be told. */
  readonly current: string | null;
}

export type OnProgress = (progress: Progress) => void;
