export type RestoreReport = DatabaseRestored | CapsuleRestored;

export interface DatabaseRestored {
  readonly kind: "database";
  readonly from: string;
  readonly database: string;
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
}

export interface PreflightFinding {
  readonly severity: "blocker" | "warning" | "note";
  readonly message: string;
  readonly hint: string | null;
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
