import { Failure } from "../failure.ts";
import type { DuePolicy } from "../slots/due.ts";
import type { JobHooks } from "./job-hooks.ts";
import type { ProveSettings } from "./prove-settings.ts";
import type { CapsuleSource, PostgresSource } from "./source.ts";

/** A job as the operator configured it, every default filled in. */
export type Job = PostgresJob | CapsuleJob | ChecksumsJob | CommandJob | ProofJob | VerifyJob;

/** A job that leaves backups. */
export type BackupJob = PostgresJob | CapsuleJob;

/** True for whatever has the kind of such a job. */
export function leavesBackups<T extends { readonly kind: Job["kind"] }>(
  job: T,
): job is T & { readonly kind: BackupJob["kind"] } {
  return job.kind === "postgres" || job.kind === "capsule";
}

/** The job itself; `doing` is what was to be done, "prune". Throws "usage.refused" when it leaves no backups. */
export function demandBackupJob(job: Job, doing: string): BackupJob {
  if (leavesBackups(job)) return job;
  throw new Failure("usage.refused", `Cannot ${doing} "${job.name}": a ${job.kind} job leaves no backups`, {
    hint: "Name a job with backups.",
  });
}

interface JobBasis {
  readonly name: string;
  /** Five cron fields; null: only by hand. */
  readonly schedule: string | null;
  /** IANA zone of the schedule and of {date} and {time}. */
  readonly timezone: string;
  /** Wall-clock limit of a run; null: none. */
  readonly timeoutMs: number | null;
  /** Stale when the newest good backup is older; null: by the schedule alone (STATE "Health"). */
  readonly maxAgeMs: number | null;
  /** How long after a due slot a run may still be missing; null: 2 h or three times the usual duration. */
  readonly graceMs: number | null;
  /** What becomes of slots that were not run in time, and when no run is started. */
  readonly due: DuePolicy;
  /** Left out: none. */
  readonly hooks?: JobHooks;
}

/** What jobs that leave backups have in common. */
interface BackupJobBasis extends JobBasis {
  /** Names of destinations, at least one. */
  readonly to: readonly string[];
  /** Template of the base name; see domain/backups/backup-name.ts. */
  readonly nameTemplate: string;
  /** Copies that must have been read back for the run to be complete; 1 to the number of destinations. */
  readonly requiredCopies: number;
  /** A destination further behind than this many bytes is dropped from the live stream and caught up later. */
  readonly spoolBytes: number;
  readonly owner: FileOwner | null;
  /** Permission bits of files; never any for others. Directories get the matching x bits. */
  readonly fileMode: number;
  readonly keep: KeepPolicy;
  /** By destination: what holds there instead of `keep`. */
  readonly keepAt: Readonly<Record<string, KeepPolicy>>;
  readonly labels: Readonly<Record<string, string>>;
  /** No byte from the source for so long: the run is given up. Null: no such limit. */
  readonly stallMs: number | null;
  readonly prove: ProveSettings;
  /** A restore must be done within so long; null: no such wish. */
  readonly rtoMs: number | null;
  /** Null: stored in the clear. */
  readonly encrypt: EncryptSettings | null;
  /** Jobs with the same one form one restore point; null: this one stands alone. */
  readonly set: string | null;
}

export interface PostgresJob extends BackupJobBasis {
  readonly kind: "postgres";
  readonly source: PostgresSource;
  readonly databases: DatabaseSelection;
  readonly format: "sql" | "custom";
  readonly compress: "none" | "gzip" | "zstd";
  readonly fingerprint: "stream" | "independent";
  readonly lockWaitMs: number;
  readonly onBlockedDdl: "wait" | "abort";
  /** SQL that must return true in the restored database. */
  readonly assertions: readonly string[];
  readonly references: readonly FileReference[];
}

/** Public-key mode: this host can encrypt and not decrypt. */
export interface EncryptSettings {
  /** age recipients ("age1…"), at least one. */
  readonly recipients: readonly string[];
}

/** Paths named in the database that must be files of the capsule of the same set. */
export interface FileReference {
  /** Returns one column of paths. */
  readonly sql: string;
  /** The folder of the capsule that they are relative to; "": its root. No slash at either end. */
  readonly root: string;
  /** Limit of the query. */
  readonly timeoutMs: number;
}

export type DatabaseSelection =
  | { readonly kind: "named"; readonly names: readonly string[] }
  | { readonly kind: "all"; readonly except: readonly string[] };

export interface CapsuleJob extends BackupJobBasis {
  readonly kind: "capsule";
  readonly source: CapsuleSource;
}

export interface ChecksumsJob extends JobBasis {
  readonly kind: "checksums";
  readonly destination: string;
}

export interface CommandJob extends JobBasis {
  readonly kind: "command";
  readonly argv: readonly string[];
  readonly cwd: string | null;
  /** Added to PATH, HOME, LANG and the user's name; nothing else is inherited. */
  readonly env: Readonly<Record<string, string>>;
}

/** Comes from `prove` of another job, and is called JOB:prove, which no job of the config can be. */
export interface ProofJob extends JobBasis {
  readonly kind: "proof";
  /** The job whose newest backups are proven. */
  readonly of: string;
}

/** Comes from `verify` of the config: reads copies again, whatever job they are of. */
export interface VerifyJob extends JobBasis {
  readonly kind: "verify";
}

/** Names or numeric ids, as written. */
export interface FileOwner {
  readonly user: string;
  readonly group: string | null;
}

/** Retention (DESIGN 6). Null: that rule is not used. With no rule at all, everything is kept. */
export interface KeepPolicy {
  readonly days: number | null;
  readonly last: number | null;
  readonly hourly: number | null;
  readonly daily: number | null;
  readonly weekly: number | null;
  readonly monthly: number | null;
  readonly yearly: number | null;
  /** At most so many bytes of what the other rules want, newest first; with no other rule, of everything good. */
  readonly sizeBytes: number | null;
  /** The newest good backups that are never removed; at least 1. */
  readonly minimum: number;
}

/** The rules that hold for a job's backups at a destination. */
export function keepPolicyAt(job: Pick<BackupJob, "keep" | "keepAt">, destination: string): KeepPolicy {
  return Object.hasOwn(job.keepAt, destination) ? (job.keepAt[destination] ?? job.keep) : job.keep;
}
