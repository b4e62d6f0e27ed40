import type { AuditKind } from "../domain/copies/audit-finding.ts";
import type { FailureReport } from "../domain/failure.ts";
import type { ExitStatus } from "../domain/outcome.ts";
import type { ScriptEvent } from "../domain/simulation/simulate-script.ts";

// What the verbs that keep backups in order are asked, and what they answer; the room's door passes it on.

export interface HoldRequest {
  readonly backup: string;
  readonly who: string;
  readonly why: string;
}

export interface HoldReport {
  readonly backup: string;
  readonly job: string;
  /** Where the mark now stands (hold, accept) or was removed (release). */
  readonly destinations: readonly string[];
  /** Destinations where it could not be done, with the reason. */
  readonly failed: readonly { readonly destination: string; readonly message: string }[];
  /**
   * Of an acceptance: the newest backup of the same job and database when that one is suspect still, so that nothing
   * is pruned all the same; null: none is in the way. Left out of the other marks.
   */
  readonly stillSuspect?: string | null;
}

export interface AcceptRequest {
  /** A name in the directory. */
  readonly file: string;
  /** Needed when several destinations have an entry of this name. */
  readonly destination: string | null;
  readonly who: string;
  readonly why: string;
  readonly signal: AbortSignal;
}

export interface AcceptReport {
  readonly file: string;
  readonly destination: string;
  readonly before: string;
  /** Null: the file is gone, and its entry was dropped. */
  readonly after: string | null;
  /** The run that keeps who accepted it, and why. */
  readonly runId: string;
}

export interface AdoptOptions {
  /** The directory of one of the job's destinations. */
  readonly directory: string;
  readonly job: string;
  /** A glob on file names, which a person has chosen; null: what fits the job's name template and databases. */
  readonly pattern: string | null;
  readonly signal: AbortSignal;
}

export interface AdoptReport {
  readonly file: string;
  readonly backup: string | null;
  readonly createdAt: string | null;
  readonly isAdopted: boolean;
  /** Why not, or what is lacking although it is. */
  readonly reason: string | null;
  /** Set when the file could not be looked at or recorded, which says nothing of the file itself. */
  readonly failure: FailureReport | null;
  /** 0 adopted, 3 left out because it is damaged, cut short or not named as the job's, else the failure's. */
  readonly exit: ExitStatus;
}

export interface PruneOptions {
  /** Empty: every job that leaves backups. */
  readonly jobs: readonly string[];
  /** Only says what would go. */
  readonly dryRun: boolean;
  /** A person has seen that more than half would go at once. */
  readonly yes: boolean;
  readonly signal: AbortSignal;
}

/** One copy and its verdict; with no backup, why nothing could be said of a destination or of the whole job. */
export interface PruneReport {
  readonly job: string;
  readonly destination: string | null;
  readonly backup: string | null;
  readonly database: string | null;
  readonly verdict: "keep" | "remove";
  readonly reasons: readonly string[];
  readonly sizeBytes: number;
  /** True when the copy is gone now. */
  readonly isRemoved: boolean;
  /**
   * Policy is done with it, and the storage keeps it for now (object lock, no right to remove): it stands as before, and is
   * tried again. Null: it does not. `until`: ISO 8601, UTC; null: for ever, or nobody knows.
   */
  readonly retained: { readonly until: string | null } | null;
  /** Why it could not be removed, or not be judged. */
  readonly failure: FailureReport | null;
  readonly exit: ExitStatus;
}

export interface SimulateOptions {
  /** Empty: every job that leaves backups. */
  readonly jobs: readonly string[];
  readonly days: number;
  /** What goes wrong meanwhile; empty: nothing. */
  readonly script: readonly ScriptEvent[];
}

export interface CatalogProblem {
  readonly destination: string | null;
  readonly backup: string | null;
  readonly message: string;
}

/** One destination against the catalog. */
export interface AuditReport {
  readonly destination: string;
  readonly findings: readonly AuditedThing[];
  /** Why it could not be looked at. */
  readonly failure: FailureReport | null;
}

export interface AuditedThing {
  readonly kind: AuditKind;
  /** Of the backup, or of the file. */
  readonly name: string;
  readonly message: string;
  /** When it was seen first, ISO 8601, UTC. */
  readonly since: string;
  readonly isNew: boolean;
}

export interface RebuildReport {
  readonly backups: number;
  readonly copies: number;
  readonly holds: number;
  readonly problems: readonly CatalogProblem[];
  /** Receipts of proofs that count for nothing, each by its name. */
  readonly warnings: readonly CatalogProblem[];
}

export interface InitialisedDestination {
  readonly name: string;
  readonly location: string;
  readonly id: string;
}
