import type { RestoreCheck } from "../domain/backups/restore-report.ts";
import type { PostgresSource } from "../domain/jobs/source.ts";

// What a restore is asked; the room's door passes it on.

export interface RestoreRequest {
  /** A backup (ID or JOB/ID), or the path of a dump or zip on this machine. */
  readonly backup: string;
  /** What relative paths begin at; left out: where the process stands. */
  readonly cwd?: string;
  /** The database to make; for a capsule, the directory. */
  readonly to: string;
  /** What the user typed as the name of the target that may be replaced; null: none may. */
  readonly overwrite: string | null;
  /** Of a capsule: paths inside; empty means all. */
  readonly only: readonly string[];
  /** "missing": create roles that do not exist yet; those that do are never changed. */
  readonly roles: "missing" | "none";
  readonly withoutOwners: boolean;
  /** Whose server; null: the backup's own job, or the only database job of the config. */
  readonly job: string | null;
  /** A server that no job names, in place of a job's; left out: a job's. */
  readonly server?: PostgresSource;
  /** A file with the secret key of an encrypted backup; left out: none. */
  readonly identity?: string | null;
  /** Of a dump: only these tables, as typed (see resolveTables); left out or empty: all. */
  readonly tables?: readonly string[];
  /** Of a dump: only what is in these schemas. */
  readonly schemas?: readonly string[];
  /** Roles that are called otherwise on that server: old name to new one. */
  readonly roleMap?: ReadonlyMap<string, string>;
  /** Of a custom archive: this many workers of pg_restore; left out: one transaction for all. */
  readonly jobs?: number;
  /** What is compared before the database gets its name; left out: "rows". */
  readonly check?: RestoreCheck["kind"];
  /** Only the preflight. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

export interface DropReplacedRequest {
  /** The job whose server it is; null: the only database job of the config. */
  readonly job: string | null;
  /** As of a restore. */
  readonly server?: PostgresSource;
  /** The whole name of the one to drop; null: only list. */
  readonly drop: string | null;
  readonly signal: AbortSignal;
}
