import type { FailureReport } from "../failure.ts";
import type { HealthRule } from "../health/health.ts";
import type { JobConcern } from "../health/status-report.ts";
import type { Instant } from "../instant.ts";
import type { Outcome } from "../outcome.ts";

/** What is known at one moment, of all that may be worth telling. */
export interface AlertFacts {
  readonly now: Instant;
  readonly host: string;
  /** For the times in messages and for the digest's schedule. */
  readonly timezone: string;
  /**
   * "whole": every job and destination of the config is here, and what is not has been taken out of it;
   * "part": only some jobs were looked at, as after a run.
   */
  readonly extent: "whole" | "part";
  readonly jobs: readonly JobFact[];
  readonly disk: readonly DiskFact[];
}

/** One job, or one database of it. */
export interface JobFact {
  readonly job: string;
  readonly database: string | null;
  readonly healthy: boolean;
  readonly rule: HealthRule;
  /** Half a sentence for people. */
  readonly reason: string;
  readonly isScheduled: boolean;
  /** What good ones are called: checksums and commands leave no backup. */
  readonly noun: "backup" | "run";
  /** Due slots, grace time over, that no good backup (for other jobs: no run) has answered; 2 means two or more. */
  readonly missedSlots: 0 | 1 | 2;
  /** The last due slot, grace time over, when nothing at all has started since; else null. */
  readonly silentSince: Instant | null;
  /** The last one that has ended. */
  readonly lastRun: EndedRun | null;
  /** Of the newest good backup, or of the last run that succeeded; null: there is none. */
  readonly lastGoodAt: Instant | null;
  readonly newestProvenAt: Instant | null;
  /** The backup that the last proof was of; null: none was made. */
  readonly lastProofOf: string | null;
  /** What is told beside, also of a job that is well. At most one of each kind. */
  readonly concerns: readonly ConcernFact[];
  readonly sizeBytes: number | null;
}

export interface ConcernFact extends Omit<JobConcern, "since"> {
  readonly since: Instant | null;
}

export interface EndedRun {
  readonly runId: string;
  readonly outcome: Outcome;
  readonly startedAt: Instant;
  readonly failure: FailureReport | null;
  readonly summary: string;
}

/** One destination. */
export interface DiskFact {
  readonly destination: string;
  readonly location: string;
  /** Why it cannot be used now; null when it can. */
  readonly failure: FailureReport | null;
  /** Half a sentence when somebody must look at it, such as "95 % full, full in about 5 days (3-9)"; else null. */
  readonly forecast: string | null;
  readonly freeBytes: number | null;
  readonly totalBytes: number | null;
}
