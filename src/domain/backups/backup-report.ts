import type { Anomaly } from "../anomalies/anomaly.ts";
import type { ReadBack } from "../copies/read-back.ts";
import type { Immutability } from "../copies/storage-traits.ts";
import type { FailureReport } from "../failure.ts";
import type { ReportedRecovery } from "../health/status-report.ts";
import type { Level } from "../level.ts";
import type { ProofReceipt } from "../proofs/proof-receipt.ts";
import type { Manifest } from "./manifest.ts";

/** A backup as `list --json` prints it (DESIGN 3). Times are ISO 8601, UTC. */
export interface ListedBackup {
  readonly id: string;
  readonly job: string;
  readonly database: string | null;
  readonly kind: Manifest["kind"];
  readonly createdAt: string;
  readonly sizeBytes: number;
  readonly outcome: Manifest["outcome"];
  /** The best of its copies. */
  readonly level: Level;
  readonly provenAt: string | null;
  readonly held: boolean;
  /** What the anomaly gate said of it; empty: nothing. */
  readonly anomalies: readonly Anomaly[];
  /** It has anomalies that nobody has accepted. */
  readonly suspect: boolean;
  readonly adopted: boolean;
  readonly copies: readonly ListedCopy[];
}

export interface ListedCopy {
  readonly destination: string;
  /** Directory or URL; null when the destination is no longer in the config. */
  readonly path: string | null;
  readonly state: "whole" | "missing" | "damaged" | "removing";
  readonly level: Level;
  readonly readBack: ReadBack | null;
  readonly checkedAt: string | null;
  /**
   * Why nobody can remove or change it now, and until when at least, in ISO 8601, UTC (null: for ever, or nobody knows), by
   * the last look at the destination; "sworn": the config says so, and nobody checked. Null: it can be removed.
   */
  readonly immutable: { readonly by: Immutability["by"]; readonly until: string | null } | null;
}

/** One backup in full: as listed, with its manifest and who protects it. */
export interface ShownBackup extends ListedBackup {
  /** Null when the catalog has lost its text. */
  readonly manifest: Manifest | null;
  /** How long a restore of it takes; null without a measurement. */
  readonly recovery: ReportedRecovery | null;
  readonly marks: readonly {
    readonly kind: "hold" | "accepted";
    readonly who: string;
    readonly at: string;
    readonly why: string;
    readonly destination: string;
  }[];
  /** Of all its copies, newest first, also of those that are gone. */
  readonly proofs: readonly ShownProof[];
}

/** One proof of one copy, as the catalog remembers it; its receipt, beside the copy, says more. */
export interface ShownProof {
  /** Null: no copy lies where it was made. */
  readonly destination: string | null;
  readonly at: string;
  readonly outcome: ProofReceipt["outcome"];
  readonly durationMs: number;
  readonly restoreMs: number | null;
  readonly server: string | null;
  readonly openedBy: string | null;
  readonly summary: string;
  readonly failure: FailureReport | null;
}

export interface AgedBackup {
  readonly id: string;
  readonly createdAt: string;
  readonly ageMs: number;
  readonly level: Level;
}
