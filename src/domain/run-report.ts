import type { FailureReport } from "./failure.ts";
import type { Level } from "./level.ts";
import type { ExitStatus, Outcome } from "./outcome.ts";

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
}

/** One destination's own outcome. */
export interface CopyReport {
  readonly destination: string;
  readonly location: string;
  readonly level: Level;
  readonly readBack: "direct" | "cached" | null;
  /** Not in the live stream: brought up afterwards from a finished copy. */
  readonly late: boolean;
  readonly failure: FailureReport | null;
}
