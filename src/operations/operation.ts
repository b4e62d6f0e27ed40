/**
 * Operations: the verbs that a user types, as short stories over the other rooms.
 *
 * Owns: the order of steps of run, verify, restore, prune, adopt, …: what comes first, what is undone when
 * a step fails. Refuses: how a step is done (the rooms), words for people (cli), reading the config.
 * Words: run, backup, copy, branch (one destination's share of a live stream), late (caught up afterwards).
 * May go to: the doors of postgres, capsule, destinations, catalog, alerts, signatures, encryption; domain; platform.
 */
import type { RunRow } from "../catalog/catalog.ts";
import type {
  AlertsReport,
  ChannelTest,
  DeliverReport,
  WatchDestinationOptions,
  WatchOptions,
  WatchReport,
} from "../domain/alerts/alert-report.ts";
import type { ListedBackup, ShownBackup } from "../domain/backups/backup-report.ts";
import type { ReplacedReport, RestoreReport } from "../domain/backups/restore-report.ts";
import type { VerifyReport } from "../domain/backups/verify-report.ts";
import type { StorageTest } from "../domain/copies/storage-test.ts";
import type { Finding } from "../domain/doctor/finding.ts";
import type { RecipientReport } from "../domain/encryption/custody.ts";
import type { ListedDestination, StatusReport } from "../domain/health/status-report.ts";
import type { Instant } from "../domain/instant.ts";
import type { ThrowawayChoice } from "../domain/jobs/prove-settings.ts";
import type { ExitStatus } from "../domain/outcome.ts";
import type { ProofReport } from "../domain/proofs/proof-report.ts";
import type { RunReport } from "../domain/runs/run-report.ts";
import type { ListedPoint } from "../domain/sets/point-report.ts";
import type { SignatureReport } from "../domain/signatures/signature-report.ts";
import type { SigningKey } from "../domain/signatures/signing-key.ts";
import type { SimulationReport } from "../domain/simulation/simulation-report.ts";
import type { PassedSlot } from "../domain/slots/due.ts";
import type { JobSlots, SlotNews, StartedRun } from "../domain/slots/slot-report.ts";
import type { KeptConfig } from "./config-copy/keep-config.ts";
import type { CopyMade, CopyOptions } from "./copy-requests.ts";
import type {
  ConfirmRequest,
  ExportRequest,
  ExportSigningRequest,
  ImportSigningRequest,
  NewIdentity,
} from "./key-requests.ts";
import type {
  AcceptReport,
  AcceptRequest,
  AdoptOptions,
  AdoptReport,
  AuditReport,
  CatalogProblem,
  HoldReport,
  HoldRequest,
  InitialisedDestination,
  PruneOptions,
  PruneReport,
  RebuildReport,
  SimulateOptions,
} from "./upkeep-requests.ts";

export type { CopyMade, CopyOptions } from "./copy-requests.ts";
export type {
  ConfirmRequest,
  ExportRequest,
  ExportSigningRequest,
  ImportSigningRequest,
  NewIdentity,
} from "./key-requests.ts";
export type {
  AcceptReport,
  AcceptRequest,
  AdoptOptions,
  AdoptReport,
  AuditReport,
  CatalogProblem,
  HoldReport,
  HoldRequest,
  InitialisedDestination,
  PruneOptions,
  PruneReport,
  RebuildReport,
  SimulateOptions,
} from "./upkeep-requests.ts";

import type { DropReplacedRequest, RestoreRequest } from "./restore-requests.ts";
import type {
  VerifyInTurnOptions,
  VerifyInTurnReport,
  VerifyOptions,
  VerifySignaturesOptions,
} from "./verify-requests.ts";

export type { DropReplacedRequest, RestoreRequest } from "./restore-requests.ts";
export type {
  VerifyInTurnOptions,
  VerifyInTurnReport,
  VerifyLevel,
  VerifyOptions,
  VerifySignaturesOptions,
} from "./verify-requests.ts";

/** Every verb of this room. What they throw is a Failure; what went wrong with one of many things is in their reports. */
export interface Operations {
  /**
   * Runs jobs under their locks. A failed run is a report. Throws for wrong names, the signal's reason while a slot's
   * moment is waited for, and what keeps the catalog from being written.
   */
  run(options: RunOptions): Promise<readonly RunReport[]>;
  /** Of every job with a schedule; writes down what is passed over. What is due stays so until it is run. */
  decideSlots(): Promise<readonly JobSlots[]>;
  /** A due slot that is not run: it is written down, with why. */
  skipSlot(job: string, passed: Pick<PassedSlot, "slot" | "reason">): Promise<void>;
  /** Puts right what dead runs left, of every job that nobody is at; one line for each thing done. */
  reconcile(signal: AbortSignal): Promise<readonly string[]>;
  /** Of a set, newest first; asks only the catalog. */
  restorePoints(options: { readonly set: string; readonly limit: number }): Promise<readonly ListedPoint[]>;
  /** Newest first; asks only the catalog. */
  list(options: ListOptions): Promise<readonly ListedBackup[]>;
  /** `identity`: a file with the secret key of an encrypted backup, whose private part is then shown. */
  show(backup: string, identity?: string | null): Promise<ShownBackup>;
  status(): Promise<StatusReport>;
  /** The run whose log is asked for. Throws "usage.unknown-run". */
  findRun(request: LogsRequest): Promise<RunRow>;
  /** What a run of an encrypted job may say on this machine alone, since it may name what is in its backup. */
  untold(runId: string): Promise<readonly string[]>;
  /** Last started first; asks only the catalog. */
  listRuns(options: ListRunsOptions): Promise<readonly RunRow[]>;
  /** For Prometheus: text in its format, from status and catalog. */
  metrics(): Promise<string>;
  /** The newest complete backup of a job with a whole copy; null when there is none. */
  newestGood(job: string, database: string | null): Promise<ListedBackup | null>;
  verify(options: VerifyOptions): Promise<readonly VerifyReport[]>;
  /** The copies that were read longest ago, until a day's budget is used up. */
  verifyInTurn(options: VerifyInTurnOptions): Promise<VerifyInTurnReport>;
  /**
   * Restores backups for proof, one after the other, and keeps what came of it. A mismatch or a failed proof is a
   * report. Throws for wrong names, "run.busy" while another proof runs on this host, and the signal's reason.
   */
  prove(options: ProveOptions): Promise<readonly ProofReport[]>;
  /** Looks at everything, tells what is new, delivers it; again and again unless `once`. Ends at the signal without an error. */
  watch(options: WatchOptions): Promise<WatchReport>;
  /** As watch, but of a directory of backups that another host writes: nothing is asked but its manifests. */
  watchDestination(options: WatchDestinationOptions): Promise<WatchReport>;
  /** Delivers what is due, and waits for retries at most so long. */
  deliverAlerts(options: {
    readonly maxMs: number;
    /** What waits for its next try is due now; default: not. */
    readonly isMended?: boolean;
    readonly signal: AbortSignal;
  }): Promise<DeliverReport>;
  /** Sends a test message through one channel, or (null) through each. Throws when there is none. */
  testAlerts(channel: string | null, signal: AbortSignal): Promise<readonly ChannelTest[]>;
  listAlerts(): Promise<AlertsReport>;
  /** Signatures and chain of all that lies at the destinations. Throws "signatures.key" when there is no key to check with. */
  verifySignatures(options: VerifySignaturesOptions): Promise<readonly SignatureReport[]>;
  /** Makes the pair that runs sign with, never over another ("usage.refused"). */
  generateSigningKey(): Promise<SigningKey>;
  /** Whose signatures count, our own first. Throws "signatures.key". */
  listSigningKeys(): Promise<readonly SigningKey[]>;
  /** Gives out the secret key. Throws "signatures.key". */
  exportSigningKey(request: ExportSigningRequest): Promise<SigningKey>;
  /** Takes an exported key in again. Throws "usage.refused", "signatures.key". */
  importSigningKey(request: ImportSigningRequest): Promise<SigningKey>;
  /** A key pair for encryption, in STATE/keys. */
  generateIdentity(): Promise<NewIdentity>;
  /** Whom jobs encrypt for, and whose secret keys lie here. */
  listRecipients(): Promise<readonly RecipientReport[]>;
  /** Gives out the secret keys that lie here; those that are in a file are removed unless they shall stay. Throws "encryption.identity". */
  exportIdentities(request: ExportRequest): Promise<readonly string[]>;
  /** Somebody holds these secret keys; returns their recipients. Throws "encryption.identity". */
  confirmIdentity(request: ConfirmRequest): Promise<readonly string[]>;
  /** Keeps what the config file says now at the destinations that are to have it; empty when none is. */
  keepConfig(): Promise<readonly KeptConfig[]>;
  restore(request: RestoreRequest): Promise<RestoreReport>;
  /** The databases that restores replaced and kept, and drops one. Throws "usage.refused" for any other database. */
  dropReplaced(request: DropReplacedRequest): Promise<ReplacedReport>;
  hold(request: HoldRequest): Promise<HoldReport>;
  release(request: Pick<HoldRequest, "backup" | "who">): Promise<HoldReport>;
  /** What is suspect of a backup is as it should be. Throws "usage.refused" when nothing is. */
  accept(request: HoldRequest): Promise<HoldReport>;
  /** Takes an acceptance back. Throws "usage.refused" when there is none. */
  unaccept(request: Pick<HoldRequest, "backup" | "who">): Promise<HoldReport>;
  /**
   * What is gone of a backup may be gone; removes nothing. Throws "usage.unknown-backup" when nothing of it is known to be
   * gone, "usage.refused" while files of it still lie where they should.
   */
  acceptGone(request: HoldRequest): Promise<HoldReport>;
  prune(options: PruneOptions): Promise<readonly PruneReport[]>;
  /** Brings up copies that lack at their jobs' destinations. Throws for wrong names and "run.busy"; the rest is in the reports. */
  copy(options: CopyOptions): Promise<readonly CopyMade[]>;
  /** What would exist on each day to come; touches nothing. */
  simulate(options: SimulateOptions): Promise<SimulationReport>;
  adopt(options: AdoptOptions): Promise<readonly AdoptReport[]>;
  acceptChecksum(request: AcceptRequest): Promise<AcceptReport>;
  rebuildCatalog(signal: AbortSignal): Promise<RebuildReport>;
  checkCatalog(signal: AbortSignal): Promise<readonly CatalogProblem[]>;
  /** What the catalog and the lists of these destinations do not agree upon; empty: all of the config. Touches nothing there. */
  audit(options: {
    readonly destinations: readonly string[];
    readonly signal: AbortSignal;
  }): Promise<readonly AuditReport[]>;
  /** Writes sentinels and restore pages; empty: at all destinations. */
  initialiseDestinations(names: readonly string[]): Promise<readonly InitialisedDestination[]>;
  listDestinations(): Promise<readonly ListedDestination[]>;
  /** Tries one out as runs use it, under names of its own; what is broken is told, not thrown. Throws the signal's reason. */
  testDestination(request: { readonly name: string; readonly signal: AbortSignal }): Promise<StorageTest>;
}

export interface RunOptions {
  /** Names of jobs; with `all`, none. */
  readonly jobs: readonly string[];
  readonly all: boolean;
  /** How long to wait for a busy job; 0: not at all. */
  readonly waitMs: number;
  /** The planned moment, or whichever is due now: it is claimed first, so that it is run once. Null: by hand. */
  readonly slot: Instant | "due" | null;
  readonly signal: AbortSignal;
  /** Hears why no run was started for a slot. */
  readonly onSlot?: (news: SlotNews) => void;
  /** Hears of each job's first run before it does anything. */
  readonly onStarted?: (started: StartedRun) => void;
}

export interface ProveOptions {
  /** Ids, or JOB/ID; with `job`, `latest` or `all`, none. */
  readonly backups: readonly string[];
  readonly job: string | null;
  /** The newest good backup of each database, of the job or of every job. */
  readonly latest: boolean;
  /** Every good backup, of the job or of every job. */
  readonly all: boolean;
  /** Whose copy; null: the best one. */
  readonly destination: string | null;
  /** Null: the job's own, if it has one. */
  readonly identityFile: string | null;
  /** Null: as the job says. */
  readonly server: ThrowawayChoice | null;
  /** How long to wait for another proof on this host; 0: not at all. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Hears of each proof as soon as it is done. */
  readonly onProof?: (report: ProofReport) => void;
}

export interface ListOptions {
  readonly job: string | null;
  readonly limit: number | null;
  /** Only those that come after this one in the list. Throws "usage.unknown-backup" when it is not there. */
  readonly after?: { readonly job: string; readonly id: string };
}

export interface ListRunsOptions {
  readonly job: string | null;
  readonly limit: number;
  /** Only those that come after this one in the list. Throws "usage.unknown-run" when it is not there. */
  readonly after: string | null;
}

export interface LogsRequest {
  readonly runId: string | null;
  /** The newest run of this job; with neither, the newest of all. */
  readonly job: string | null;
}

/** What would fail tonight. */
export interface DoctorReport {
  /** In the order of the checks. */
  readonly findings: readonly Finding[];
  /** 1 with a blocker, 3 when something that tonight needs could not be looked at, else 0. */
  readonly exit: ExitStatus;
}
