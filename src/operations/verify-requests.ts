import type { ReadingReport, VerifyReport } from "../domain/backups/verify-report.ts";

// What checks are asked, and what they answer; the room's door passes it on.

export type VerifyLevel = "stored" | "hashed" | "read";

export interface VerifyOptions {
  /** Ids, or JOB/ID; empty means all. */
  readonly backups: readonly string[];
  readonly level: VerifyLevel;
  /** Only backups made within so many milliseconds; null: all. */
  readonly sinceMs: number | null;
  /** A file with the secret key of encrypted backups; left out: those are checked to their hashes. */
  readonly identity?: string | null;
  readonly signal: AbortSignal;
}

export interface VerifyInTurnOptions extends Pick<VerifyOptions, "level" | "identity" | "signal"> {
  /** Of a day; null: as much as there is. */
  readonly budgetBytes: number | null;
}

export interface VerifyInTurnReport {
  readonly checks: readonly VerifyReport[];
  readonly reading: ReadingReport;
}

export interface VerifySignaturesOptions {
  /** Ids, or JOB/ID; empty means all. */
  readonly backups: readonly string[];
  /** Null: of all jobs. */
  readonly job: string | null;
  readonly signal: AbortSignal;
}
