/**
 * Catalog: the local SQLite index. Of backups and copies a cache: the destinations are the truth. Of runs, slots,
 * undelivered messages, what was told of and how full disks were the only place.
 *
 * Owns: its schema and migrations, every statement. Refuses: to decide anything (retention, health, what is due
 * and levels are domain), to touch destinations.
 * Words: run, slot, backup, copy, check, proof, mark (hold or acceptance), tombstone, trouble, outbox.
 * May go to: platform, domain.
 */

import type { AlertState } from "../domain/alerts/alert-state.ts";
import type { Attempted, OutboxRow, OutboxState } from "../domain/alerts/outbox.ts";
import type { Anomaly, BackupProfile, PastProfile } from "../domain/anomalies/anomaly.ts";
import type { Manifest } from "../domain/backups/manifest.ts";
import type { ReadBack } from "../domain/copies/read-back.ts";
import type { FailureReport } from "../domain/failure.ts";
import type { FailureCode } from "../domain/failure-table.ts";
import type { DiskSample } from "../domain/health/disk-forecast.ts";
import type { Instant } from "../domain/instant.ts";
import type { Level } from "../domain/level.ts";
import type { Outcome } from "../domain/outcome.ts";
import type { ReferencesFacts } from "../domain/sets/references.ts";
import type { SetFacts } from "../domain/sets/restore-point.ts";
import type { Linked } from "../domain/signatures/chain-link.ts";
import type { AuditFindingRow, ComparedManifest, CopyFacts, ReadTally, RetainedRow } from "./copy-facts.ts";
import type {
  BackupFilter,
  ChannelResult,
  CopyTally,
  DiskSampleRow,
  ForeignFileRow,
  OutboxEntry,
  ProfileFilter,
  ProofFileRow,
  ProofFilter,
  ProofRow,
  RunFilter,
  RunTally,
  SlotFilter,
  SlotRow,
  TroubleRow,
} from "./further-rows.ts";

export type {
  AuditFindingRow,
  BackupFilter,
  ChannelResult,
  ComparedManifest,
  CopyTally,
  DiskSampleRow,
  ForeignFileRow,
  OutboxEntry,
  ProfileFilter,
  ProofFileRow,
  ProofFilter,
  ProofRow,
  ReadTally,
  RetainedRow,
  RunFilter,
  RunTally,
  SlotFilter,
  SlotRow,
  TroubleRow,
};

/** What this room raises. @public */
export type CatalogFailureCode = Extract<FailureCode, `catalog.${string}`>;

export interface RunRow {
  readonly runId: string;
  readonly job: string;
  readonly database: string | null;
  /** Null for a run by hand. */
  readonly slot: Instant | null;
  readonly startedAt: Instant;
  /** Null while it runs. */
  readonly finishedAt: Instant | null;
  readonly outcome: Outcome | null;
  readonly backupId: string | null;
  readonly failure: FailureReport | null;
  readonly warnings: readonly string[];
  /** One line for people: "47 files, all equal". */
  readonly summary: string;
  /** Who runs it, to tell a dead run from a living one. */
  readonly pid: number;
  readonly bootId: string;
  readonly host: string;
}

export interface CopyRow {
  readonly job: string;
  readonly backupId: string;
  readonly destination: string;
  readonly destinationId: string;
  /** "missing": its manifest or a file is gone; "damaged": bytes differ; "removing": tombstoned. */
  readonly state: "whole" | "missing" | "damaged" | "removing";
  readonly level: Level;
  readonly readBack: ReadBack | null;
  readonly checkedAt: Instant | null;
  readonly failure: FailureReport | null;
}

export interface BackupRow {
  readonly job: string;
  readonly id: string;
  readonly database: string | null;
  readonly kind: Manifest["kind"];
  /** When its run started: the age of its data. */
  readonly createdAt: Instant;
  readonly sizeBytes: number;
  readonly outcome: Manifest["outcome"];
  readonly adopted: boolean;
  readonly manifestSha256: string;
  readonly held: boolean;
  /** What the anomaly gate said of it; empty: nothing. */
  readonly anomalies: readonly Anomaly[];
  /** A person has accepted that. */
  readonly accepted: boolean;
  /** When its newest proof was made; one that a later comparison of the same copy denied is none. */
  readonly provenAt: Instant | null;
  readonly copies: readonly CopyRow[];
}

/** A data file, or the manifest itself. */
export interface ExpectedFile {
  /** Null: the manifest. */
  readonly path: string | null;
  readonly sizeBytes: number;
}

export interface InSetRow {
  readonly id: string;
  /** Null: its job was in none. */
  readonly set: SetFacts | null;
  /** Of a capsule that is not encrypted, where something was asked. */
  readonly references: ReferencesFacts | null;
}

export interface MarkRow {
  readonly job: string;
  readonly backupId: string;
  readonly destination: string;
  readonly kind: "hold" | "accepted";
  readonly who: string;
  readonly at: Instant;
  readonly why: string;
}

export interface Catalog extends CopyFacts {
  startRun(run: RunRow): void;
  /** Replaces the row of the same runId. */
  updateRun(run: RunRow): void;
  run(runId: string): RunRow | null;
  /** Last started first, whatever the clock said then. */
  runs(filter?: RunFilter): readonly RunRow[];
  /** What may name the content of an encrypted backup: for people on this machine, and never sent. Its run must be there. */
  putUntold(runId: string, lines: readonly string[]): void;
  untold(runId: string): readonly string[];
  /** Of the runs that have ended. */
  runTallies(): readonly RunTally[];

  /** Adds or replaces a backup with its manifest's text; copies are kept. */
  putBackup(manifest: Manifest, manifestText: string, manifestSha256: string): void;
  /** What the anomaly gate compares; nothing happens when its backup is not there. */
  putProfile(job: string, backupId: string, profile: BackupProfile): void;
  /** Of complete backups with a profile that are not suspect, or were accepted; newest first. */
  profiles(filter: ProfileFilter): readonly PastProfile[];
  /** Its backup must be there. */
  putCopy(copy: CopyRow): void;
  /** Adds it, or replaces that of the same copy and moment; keeps the newest 1,000 of a job. Its backup need not be there. */
  putProof(proof: ProofRow): void;
  /** Newest first. */
  proofs(filter?: ProofFilter): readonly ProofRow[];
  /** The sentinels' ids under which copies at this destination were recorded. */
  destinationIds(destination: string): readonly string[];
  removeCopy(job: string, backupId: string, destination: string): void;
  copyTallies(): readonly CopyTally[];
  /** Removes the backup row, and its marks, when no copy is left. */
  removeBackupIfBare(job: string, backupId: string): void;
  /** Newest first. */
  backups(filter?: BackupFilter): readonly BackupRow[];
  backup(job: string, id: string): BackupRow | null;
  /** All backups with this id, of any job. */
  backupsNamed(id: string): readonly BackupRow[];
  /** The manifest's bytes as stored at the destinations; null when unknown. */
  manifestText(job: string, id: string): string | null;
  /** Of the job's newest backups, newest first: what their manifests say of its set. */
  inSets(job: string, limit: number): readonly InSetRow[];
  /** Of every backup of a job: what must lie at a destination, by id. Reads no more of the manifests than that. */
  expectedFiles(job: string): ReadonlyMap<string, readonly ExpectedFile[]>;

  /** Its backup must be there. */
  putMark(mark: MarkRow): void;
  /** At all destinations. */
  removeMark(job: string, backupId: string, kind: MarkRow["kind"]): void;
  marks(job: string, backupId: string): readonly MarkRow[];

  /** Ids removed by policy since the job's last manifest, oldest removal first. */
  addPruned(job: string, database: string | null, backupId: string): void;
  pruned(job: string, database: string | null): readonly string[];
  clearPruned(job: string, database: string | null, backupIds: readonly string[]): void;
  /** What the manifests of a job and database say of each other, oldest first. Reads no more of them than that. */
  links(job: string, database: string | null): readonly Linked[];
  /** Backups that a manifest notes as gone for no known reason, and since when; none that a later one accounts for. */
  notedGone(job: string, database: string | null): readonly { readonly id: string; readonly at: Instant }[];

  /** One that is known already keeps its first moment. */
  putTrouble(row: TroubleRow): void;
  endTrouble(key: Omit<TroubleRow, "at" | "text">): void;
  /** First seen first. */
  troubles(job: string, database: string | null): readonly TroubleRow[];
  /** What was last seen at a destination, of one job. */
  proofFiles(job: string, destination: string): readonly Pick<ProofFileRow, "backupId" | "name">[];
  putProofFile(row: ProofFileRow): void;
  forgetProofFile(row: Omit<ProofFileRow, "backupId">): void;

  /** Files of others in a directory with checksums, as last seen: for "unchanged on two nights". */
  foreignSeen(destination: string): readonly ForeignFileRow[];
  /** Replaces what was seen at this destination before. */
  putForeignSeen(destination: string, files: readonly ForeignFileRow[]): void;

  /** Nothing when one of this disk was put within an hour; keeps the newest 2,880. */
  putDiskSample(sample: DiskSampleRow): void;
  /** Of the disk with this sentinel, oldest first; null: as far back as they go. */
  diskSamples(destination: string, destinationId: string, since: Instant | null): readonly DiskSample[];

  /** Since when this job is known, which is `now` for a new one: a slot before that was not missed. */
  knownSince(job: string, now: Instant): Instant;

  /**
   * The right to run a slot: true for exactly one of all who try, in whatever process. `died`: the run id of
   * a claim whose process is gone, which is taken over; null: the slot must have no row yet.
   */
  claimSlot(row: SlotRow, died: string | null): boolean;
  /** Of one job. A slot that has a row keeps it. Here and at a claim, the oldest rows go when there are too many. */
  recordSlots(job: string, rows: readonly SlotRow[]): void;
  /** The claim came to nothing: its run was not to be. */
  skipSlot(claim: Pick<SlotRow, "job" | "slot" | "runId">, reason: string): void;
  /** A claim whose run died is not taken over any more. */
  giveUpSlot(job: string, slot: Instant): void;
  /** Newest first. */
  slots(filter: SlotFilter): readonly SlotRow[];
  /** What a clock that was ahead has written down is no truth: such rows go. */
  forgetFutureSlots(job: string, now: Instant): void;
  /** Since when a job has this schedule, which is `now` for another one than before, or a moment that is yet to come. */
  scheduleSince(job: string, schedule: string, now: Instant): Instant;

  /** Puts one content on its way; it waits at the end. */
  enqueue(entry: OutboxEntry): void;
  /** What waits, oldest first. */
  undelivered(): readonly OutboxRow[];
  /** A newer row tells of it; nothing happens to a row that waits no more. */
  mergeOutbox(seq: number, at: Instant): void;
  /** What waits for the channel is due now: somebody has mended it. */
  hastenOutbox(channel: string, at: Instant): void;
  /** What became of an attempt; it counts as one of the row and is the channel's last result. */
  settleOutbox(row: OutboxRow, attempted: Attempted, at: Instant): void;
  /** Newest first. The oldest are forgotten. */
  endedOutbox(state: OutboxState, limit: number): readonly OutboxRow[];
  channelResults(): readonly ChannelResult[];

  /** What has been told of each key. */
  alertStates(): readonly AlertState[];
  /** Replaces them all. */
  putAlertStates(states: readonly AlertState[]): void;
  /** What the alerts remember by name: when it was told last, or seen first; null: never. */
  alertTime(name: string): Instant | null;
  putAlertTime(name: string, at: Instant): void;
  /** The names that begin so, in order. */
  alertTimeNames(prefix: string): readonly string[];

  /** Forgets backups, copies and marks (not runs), for a rebuild from the destinations. */
  forgetBackups(): void;
  /** Runs everything in one transaction: all or nothing. May be nested; the work must not be asynchronous. */
  atomically<T>(work: () => T): T;
  /** Problems of the file itself (integrity_check, foreign keys); empty when sound. */
  problems(): readonly string[];
  /** May be called twice. */
  close(): void;
}
