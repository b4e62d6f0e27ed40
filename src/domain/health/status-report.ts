import type { AgedBackup } from "../backups/backup-report.ts";
import type { FailureReport } from "../failure.ts";
import type { ExitStatus, Outcome } from "../outcome.ts";
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

export interface JobStatus {
  readonly job: string;
  readonly kind: "postgres" | "capsule" | "checksums" | "command" | "proof";
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
  readonly nextSlot: string | null;
  /** Of the last seven days, oldest first: planned, and nothing was there to run them. */
  readonly missedSlots: readonly string[];
  /** Of the newest good backup. */
  readonly sizeBytes: number | null;
}
