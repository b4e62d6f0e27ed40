import type { Anomaly } from "../anomalies/anomaly.ts";
import type { ReadBack } from "../copies/read-back.ts";
import type { FailureReport } from "../failure.ts";
import type { Level } from "../level.ts";
import type { ExitStatus, Outcome } from "../outcome.ts";

/** What one run left, as `run --json` prints it (DESIGN 3). Times are ISO 8601, UTC. */
export interface RunReport {
  readonly runId: string;
  readonly job: string;
  readonly database: string | null;
  readonly slot: string | null;
  readonly outcome: Outcome;
  /** Of the best copy; "unknown" when there is none. */
  readonly level: Level;
  readonly startedAt: string;
  readonly durationMs: number;
  /** How long the snapshot was held on the database; null for other jobs. */
  readonly windowMs: number | null;
  readonly backup: ReportedBackup | null;
  readonly copies: readonly CopyReport[];
  /** What the run removed afterwards, by the job's keep; null when it was not to: no rule, or not complete. */
  readonly pruned: RunPruning | null;
  readonly warnings: readonly string[];
  readonly failure: FailureReport | null;
  /** One line for people. */
  readonly summary: string;
  readonly exit: ExitStatus;
}

export interface ReportedBackup {
  readonly id: string;
  readonly files: readonly { readonly path: string; readonly sizeBytes: number; readonly sha256: string }[];
  /** File name of the manifest. */
  readonly manifest: string;
  /** What its job's history does not let one expect of it; with one, it is suspect, and nothing is pruned. */
  readonly anomalies: readonly Anomaly[];
}

/** One destination's own outcome. */
export interface CopyReport {
  readonly destination: string;
  readonly location: string;
  readonly level: Level;
  readonly readBack: ReadBack | null;
  /** Not in the live stream: brought up afterwards from a finished copy. */
  readonly late: boolean;
  readonly failure: FailureReport | null;
}

/** The last step of a complete run: its job's retention, for the database that it backed up. */
export interface RunPruning {
  readonly removed: readonly PrunedCopy[];
  readonly freedBytes: number;
  /** Copies that stay, by policy. */
  readonly kept: number;
  /** Copies that policy is done with and the storage keeps for now; they free nothing, and are tried again. */
  readonly retained: number;
  /** Destinations where nothing was removed because more than half would go at once: a person has to say yes. */
  readonly refusedAt: readonly string[];
  /** Destinations where what nobody may remove takes more than the job's limit of size there. */
  readonly oversizeAt: readonly {
    readonly destination: string;
    readonly sizeBytes: number;
    readonly limitBytes: number;
  }[];
  /** What could not be removed or judged. The backup stands all the same, and the run ends with 3. */
  readonly failures: readonly FailureReport[];
}

export interface PrunedCopy {
  readonly backup: string;
  readonly destination: string;
  readonly reasons: readonly string[];
  readonly sizeBytes: number;
}
