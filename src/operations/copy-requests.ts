import type { ReadBack } from "../domain/copies/read-back.ts";
import type { FailureReport } from "../domain/failure.ts";
import type { Level } from "../domain/level.ts";
import type { ExitStatus } from "../domain/outcome.ts";

export interface CopyOptions {
  /** Ids, or JOB/ID; empty: every backup that lacks a copy. */
  readonly backups: readonly string[];
  /** Null: of all jobs. */
  readonly job: string | null;
  /** Only to this destination; null: to each of the job's. */
  readonly to: string | null;
  /** Only from this destination; null: from the best copy. */
  readonly from: string | null;
  /** Only says what would be copied. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** One copy that was missing at a destination of its job. */
export interface CopyMade {
  readonly job: string;
  readonly backup: string;
  readonly database: string | null;
  readonly destination: string;
  /** Whose copy was read; null: none could be. */
  readonly from: string | null;
  readonly sizeBytes: number;
  /** "planned": of a dry run. "skipped": named, and it is not to be there, or is there already. */
  readonly outcome: "copied" | "planned" | "skipped" | "failed";
  /** Of the new copy; "unknown" when there is none. */
  readonly level: Level;
  readonly readBack: ReadBack | null;
  /** Why it was skipped, and which copies could not be read; lines for people. */
  readonly warnings: readonly string[];
  readonly failure: FailureReport | null;
  readonly exit: ExitStatus;
}
