import type { AgedBackup } from "../backups/backup-report.ts";
import type { CopiesRule } from "../copies/copies-rule.ts";
import type { FailureReport } from "../failure.ts";
import type { ExitStatus, Outcome } from "../outcome.ts";
import type { RecoveryTime } from "../recovery/recovery-time.ts";
import type { DiskConcern } from "./disk-concern.ts";
import type { HealthRule } from "./health.ts";

export interface ListedDestination {
  readonly name: string;
  readonly location: string;
  /** Null while it is not ready. */
  readonly id: string | null;
  readonly freeBytes: number | null;
  readonly totalBytes: number | null;
  readonly warnings: readonly string[];
  readonly failure: FailureReport | null;
}

/** A destination and how its disk fills. */
export interface DiskStatus extends ListedDestination {
  /** Null while it cannot be used or does not tell its size. */
  readonly forecast: ReportedForecast | null;
  /** "61 % full, 120 GB free, full in about 7 months (5-11)"; null as above. */
  readonly summary: string | null;
  /** What somebody must be told of it; null: nothing. */
  readonly concern: DiskConcern | null;
}

/** See domain/health/disk-forecast.ts; moments are ISO 8601, UTC. */
export type ReportedForecast =
  | { readonly kind: "unknown"; readonly measuredDays: number }
  | { readonly kind: "steady"; readonly growthBytesPerDay: number; readonly earliest: string | null }
  | {
      readonly kind: "filling";
      readonly growthBytesPerDay: number;
      readonly fullAt: string;
      readonly earliest: string;
      readonly latest: string | null;
    };

/** One screen: is every job well, and what is next (DESIGN 3). Times are ISO 8601, UTC. */
export interface StatusReport {
  readonly jobs: readonly JobStatus[];
  readonly disk: readonly DiskStatus[];
  /** 6 when any job is not healthy or any destination cannot be used, else 0. */
  readonly exit: ExitStatus;
}

/** Times are ISO 8601, UTC. */
export interface ReportedProof {
  readonly backup: string;
  readonly at: string;
  readonly outcome: "proven" | "mismatch" | "failed";
  readonly durationMs: number;
  /** One line for people. */
  readonly summary: string;
}

/** See domain/recovery/recovery-time.ts. */
export interface ReportedRecovery extends Omit<RecoveryTime, "measuredAt"> {
  /** ISO 8601, UTC. */
  readonly measuredAt: string;
}

/** In the order in which they are told. */
export const concernKinds = [
  "suspect",
  "damaged",
  "gone",
  "unproven",
  "empty",
  "rto",
  "key",
  "pruning",
  "unread",
] as const;

export type ConcernKind = (typeof concernKinds)[number];

export interface JobConcern {
  /**
   * "suspect": the anomaly gate holds up pruning; "rto": a restore will soon take longer than it may; "key": no proof
   * of late has used the key that was put away; "pruning": nothing old goes any more; "gone": a backup or a receipt is
   * gone, and no policy removed it; "unproven": a proof by hand failed, and none succeeded since; "empty": there is
   * nothing in it that a proof could compare; "damaged": a check or a proof has found a copy damaged; "unread": a copy was
   * not read again in the time that the config promises.
   */
  readonly kind: ConcernKind;
  /** Half a sentence. */
  readonly message: string;
  /** The exact command to type next. */
  readonly nextStep: string;
  /** When it began, ISO 8601, UTC; null: not known. */
  readonly since: string | null;
  /** What was found, each by itself: one that is new is told anew. Left out: the message says it all. */
  readonly findings?: readonly string[];
  /** True: of the newest backup no good copy is left. */
  readonly isGrave?: true;
}

/** The 3-2-1-1-0 rule; see domain/copies/copies-rule.ts. */
export interface ReportedRule extends CopiesRule {
  /** The newest good one, whose copies were counted; `errors` counts those of all. */
  readonly backup: string;
  /** The same in words. */
  readonly summary: string;
}

export interface JobStatus {
  readonly job: string;
  readonly kind: "postgres" | "capsule" | "checksums" | "command" | "proof" | "verify";
  readonly database: string | null;
  readonly healthy: boolean;
  /** Which rule spoke. */
  readonly rule: HealthRule;
  /** The same in words. */
  readonly reason: string;
  readonly lastRun: {
    readonly runId: string;
    /** Null while it runs. */
    readonly outcome: Outcome | null;
    readonly startedAt: string;
    readonly summary: string;
    readonly failure: FailureReport | null;
  } | null;
  readonly newestGood: AgedBackup | null;
  readonly newestProven: AgedBackup | null;
  /** The last proof, whatever it found; null: none was made. */
  readonly lastProof: ReportedProof | null;
  /** How long a restore takes; null without a measurement. */
  readonly recovery: ReportedRecovery | null;
  /** The longest that it may take; null: nobody has said. */
  readonly rtoMs: number | null;
  /** What somebody should look at although backups are made as they should. */
  readonly concerns: readonly JobConcern[];
  /** Null: it leaves no backups, or has no good one. */
  readonly copiesRule: ReportedRule | null;
  readonly nextSlot: string | null;
  /** Of the last seven days, oldest first: planned, and nothing was there to run them. */
  readonly missedSlots: readonly string[];
  /** Of the newest good backup. */
  readonly sizeBytes: number | null;
}
