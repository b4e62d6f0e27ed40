import type { ReportedRecovery } from "../health/status-report.ts";
import type { RelationName } from "../restores/table-choice.ts";

export type RestoreReport = DatabaseRestored | CapsuleRestored;

export interface DatabaseRestored {
  readonly kind: "database";
  readonly from: string;
  readonly database: string;
  /** Whose server it is; null: one that was named by a URL. */
  readonly job: string | null;
  readonly findings: readonly PreflightFinding[];
  /** False for a dry run. */
  readonly isRestored: boolean;
  readonly durationMs: number;
  readonly warnings: readonly string[];
  readonly createdRoles: readonly string[];
  /** Where the replaced database went; null when none was replaced. */
  readonly oldDatabase: string | null;
  /** Whether a hash was known beforehand and compared. */
  readonly isHashChecked: boolean;
  /** With --table or --schema: what was restored with its rows; null: all. */
  readonly tables: readonly RelationName[] | null;
  /** Made without rows, because a restored view or table needs them. */
  readonly withoutRows: readonly RelationName[];
  /** How long restores of this job's dumps took in proofs; null where none was measured. */
  readonly estimate: ReportedRecovery | null;
  /** How what was restored was held against what was backed up, before it got its name. */
  readonly check: RestoreCheck;
}

/** "rows": every table was counted. "full": it was dumped back and compared. "none": see `reason`. */
export interface RestoreCheck {
  readonly kind: "rows" | "full" | "none";
  readonly tables: number;
  readonly rows: number;
  /** Why nothing, or not everything, was compared; null: all of it was. */
  readonly reason: string | null;
}

export interface PreflightFinding {
  readonly severity: "blocker" | "warning" | "note";
  readonly message: string;
  readonly hint: string | null;
}

/** What restores replaced and kept on one server. */
export interface ReplacedReport {
  /** Without the one that was dropped. */
  readonly kept: readonly {
    readonly name: string;
    readonly replacedAt: string;
    readonly sizeBytes: number | null;
    readonly sessions: number;
  }[];
  readonly dropped: { readonly name: string; readonly sizeBytes: number | null } | null;
}

export interface CapsuleRestored {
  readonly kind: "capsule";
  readonly from: string;
  readonly directory: string;
  /** Written, or (dry run) to be written. */
  readonly entries: number;
  readonly isRestored: boolean;
  /** Whether hashes were known beforehand, by a manifest or the capsule's own list, and compared; else only CRCs. */
  readonly isHashChecked: boolean;
  readonly durationMs: number;
}
