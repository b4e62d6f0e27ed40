/**
 * Postgres: PostgreSQL spoken to with its own programs only (psql, pg_dump, pg_dumpall, pg_restore).
 *
 * Owns: how to reach a server (local, container, ssh), which client to use, the snapshot protocol, dumps
 * as streams, reading a dump's text, restoring, and what each message and exit status means. Refuses: to
 * know files' names, destinations, schedules. Words: server, session, snapshot, dump, globals, header
 * (what `pg_dump --create` adds for the database itself), dumpable (what pg_dump would dump as rows).
 * May go to: platform, domain.
 */
import type { Readable } from "node:stream";
import type { Fingerprint, TableFingerprint } from "../domain/backups/fingerprint.ts";
import type { PostgresFacts } from "../domain/backups/manifest.ts";
import type { FailureReport } from "../domain/failure.ts";
import type { FailureCode } from "../domain/failure-table.ts";
import type { Instant } from "../domain/instant.ts";
import type { ThrowawayChoice } from "../domain/jobs/prove-settings.ts";
import type { PostgresSource } from "../domain/jobs/source.ts";
import type { KeptEntries } from "../domain/restores/table-choice.ts";
import type { PostgresRestorer } from "./restore/restorer.ts";

/** What this room raises. @public */
export type PostgresFailureCode = Extract<FailureCode, `postgres.${string}`>;

export interface ServerFacts {
  readonly version: string;
  readonly versionNum: number;
  readonly clientVersion: string;
  readonly systemIdentifier: string;
  readonly isSuperuser: boolean;
  readonly inRecovery: boolean;
}

export interface Postgres {
  /**
   * Finds the container, the client and the server, and logs in to `database` with a real query. Throws
   * "postgres.container-*", "…client-*", "…unreachable", "…login", "…database-missing", "…pooler". `label`
   * starts the application_name of every connection made (so that leftovers can be ended by it).
   */
  connect(source: PostgresSource, database: string, options: ConnectOptions): Promise<PostgresServer>;
  /** Reads a plain dump, uncompressed, to its end. See ReadDump. */
  readDump(text: Readable, options: { readonly signal: AbortSignal }): Promise<ReadDump>;
  /**
   * A custom archive as plain SQL text (`pg_restore -f -`), for reading and fingerprinting. Needs the
   * client programs of `source`, but no server and no login. The stream fails with "postgres.dump-unreadable".
   */
  archiveText(source: PostgresSource, archive: Readable, options: ConnectOptions): Promise<Readable>;
  /**
   * An empty server (or database) to restore one dump into for proof (PROOF 4). Throws "postgres.no-server-programs"
   * where there is nothing to make it from, "postgres.throwaway" with what the server said when it does not come up.
   */
  openThrowaway(wish: ThrowawayWish): Promise<Throwaway>;
  /**
   * What a proof would be made with, "PostgreSQL 15.20, programs of this host", without making it. Throws
   * "postgres.no-server-programs" where there is nothing, "postgres.container-*" where the job's own cannot be asked.
   */
  planThrowaway(plan: ThrowawayPlan): Promise<string>;
  /** Removes what dead proofs left: servers, containers, directories below `workPath`, scratch databases. One line each. */
  sweepThrowaways(sweep: ThrowawaySweep): Promise<readonly string[]>;
}

/** What a throwaway server must be able to take. */
export interface ThrowawayWish {
  readonly choice: ThrowawayChoice;
  /** The job's own server: "auto" takes its container's image where this host has no programs of that version. */
  readonly source: PostgresSource | null;
  readonly facts: PostgresFacts;
  readonly globals: Buffer | null;
  readonly header: Buffer | null;
  /** A directory for proofs alone; what is made in it is removed. */
  readonly workPath: string;
  readonly label: string;
  readonly signal: AbortSignal;
}

/** As much of a wish as is known before there is a backup. */
export interface ThrowawayPlan extends Pick<ThrowawayWish, "choice" | "source" | "signal"> {
  readonly facts: Pick<PostgresFacts, "serverVersionNum" | "clientVersion">;
}

export type ThrowawaySweep = Pick<ThrowawayWish, "choice" | "source" | "workPath" | "signal">;

/** A server of one proof. Everything that is told of it is true of nothing but this one. */
export interface Throwaway {
  /** "PostgreSQL 15.20, programs of this host". */
  readonly description: string;
  readonly versionNum: number;
  /** Of the pg_dump that dumps it back. */
  readonly clientVersion: string;
  /** What cannot be the same here as at its source, with the reason. */
  readonly unproven: readonly Unproven[];
  /** Globals, header, then the dump in one transaction that is committed only after hash and trailer. Once. */
  restore(dump: ProofDump): Promise<{ readonly warnings: readonly string[] }>;
  /** Dumps the restored database with the pins of a backup, and reads that. */
  readBack(onProgress?: (doneBytes: number) => void): Promise<ReadDump>;
  /** A table's rows with the columns in this order: where a dump of it lists them in another one. */
  fingerprintTable(table: Pick<TableFingerprint, "schema" | "name" | "columns">): Promise<TableFingerprint>;
  /** The first column of the only row, as text, in a read-only transaction. Throws "postgres.query". */
  ask(sql: string): Promise<string | null>;
  /** Ends and removes all of it, whatever happened. May be called twice; what is left is logged, never thrown. */
  close(): Promise<void>;
}

/** What to restore for proof. See RestoreRequest for its parts. */
export type ProofDump = Pick<RestoreRequest, "format" | "openDump" | "onProgress"> & {
  readonly expected: { readonly sizeBytes: number; readonly sha256: string };
};

export interface Unproven {
  readonly object: string;
  readonly reason: string;
}

export interface ConnectOptions {
  readonly label: string;
  readonly signal: AbortSignal;
}

/** What reading a plain dump found. */
export interface ReadDump {
  readonly fingerprint: Fingerprint;
  /** True only when the "dump complete" trailer stood at the very end, outside quotes, bodies and COPY data. */
  readonly isComplete: boolean;
  /** Uncompressed bytes read, and their hex sha256. */
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface DumpableTable {
  readonly schema: string;
  readonly name: string;
  /** Several COPY blocks under one name are expected (hash partitions loaded through the root). */
  readonly loadsViaRoot: boolean;
}

/** Limits of one dump; milliseconds. Null: none. */
export interface DumpLimits {
  /** Waiting for locks at the start. */
  readonly lockWaitMs: number;
  /** What to do when somebody's DDL queues behind our snapshot. */
  readonly onBlockedDdl: "wait" | "abort";
}

export interface PostgresServer {
  readonly facts: ServerFacts;
  /** Databases that allow connections and are no templates, sorted. */
  listDatabases(): Promise<readonly string[]>;
  /** What a dump of it would stumble on, and what doctor tells of it. Reads only; nothing is locked for long. */
  examine(database: string): Promise<DatabaseExamination>;
  /** pg_database_size, for the estimate. */
  sizeOf(database: string): Promise<number>;
  /** Roles, memberships, tablespaces (pg_dumpall --globals-only; without passwords when the role may not read them, said in `warnings`). */
  dumpGlobals(): Promise<DumpedText>;
  /** Locks the tables, then exports the snapshot (PROOF 2). The caller closes it. */
  openSnapshot(database: string, limits: DumpLimits, signal: AbortSignal): Promise<Snapshot>;
  /** Ends every backend whose application_name starts with our label. Never throws; true when all are gone. */
  terminateOurs(): Promise<boolean>;
  readonly restore: PostgresRestorer;
  /** Frees what connect() made (temporary password file). May be called twice. */
  close(): Promise<void>;
}

/** A database as the role sees it. */
export interface DatabaseExamination {
  /** Rights that are missing for a dump, with the statement that grants them as hint; empty when none is. */
  readonly denied: readonly FailureReport[];
  /** Libraries that C functions name and that the server lacks; for others than superusers, extensions. */
  readonly missingLibraries: readonly {
    readonly library: string;
    readonly example: string;
    /** Values of a column cannot be read without it. */
    readonly isNeededToRead: boolean;
  }[];
  /** Of the role or the database, as written; null: none. */
  readonly statementTimeout: string | null;
  readonly serverNow: Instant;
  /** On the server's machine; null where the role may not know it. */
  readonly dataDirectory: string | null;
  /** Who may grant what the role lacks: a role that can log in; null when none could be seen. */
  readonly superuser: string | null;
  readonly sizeBytes: number;
}

export interface DumpedText {
  readonly text: Buffer;
  readonly warnings: readonly string[];
}

export interface Snapshot {
  readonly database: string;
  readonly name: string;
  readonly takenAt: Instant;
  readonly facts: Omit<PostgresFacts, "format" | "fingerprint">;
  /** The tables whose rows the dump must hold, by pg_dump's own rules. */
  readonly dumpable: readonly DumpableTable[];
  /** The database header: what only `pg_dump --create` emits. */
  dumpHeader(): Promise<DumpedText>;
  /** Starts pg_dump on this snapshot. */
  startDump(format: "sql" | "custom"): Promise<RunningDump>;
  /**
   * For `fingerprint: independent`: reads every dumpable table by COPY on this snapshot in sessions of its
   * own (one more read of the database) and fingerprints it. Call before close().
   */
  fingerprintTables(): Promise<readonly TableFingerprint[]>;
  /**
   * The different values of a query's only column, as text, read only and in this snapshot, as many at once as come. Call before
   * close(). Throws "postgres.query" when the server refuses it, its time is over, or it has several columns.
   */
  texts(query: TextQuery, signal: AbortSignal): AsyncIterable<readonly (string | null)[]>;
  /** DDL seen waiting behind us so far, one line each: who, what, how long. */
  blockedDdl(): readonly string[];
  /** Rejects when the session dies or a limit is hit while a dump runs; never resolves otherwise. Raced against the dump. */
  readonly broken: Promise<never>;
  /** Ends the transaction and the session. May be called twice. */
  close(): Promise<void>;
}

export interface TextQuery {
  /** The operator's. */
  readonly sql: string;
  readonly timeoutMs: number;
}

export interface RunningDump {
  /** Its bytes. Has a descriptor, so that it can be handed to another program whole. */
  readonly stream: Readable;
  /**
   * Settles when the program is gone: throws "postgres.dump-failed" (exit status, signal),
   * "postgres.dump-stderr" (exit 0 but errors were printed), "postgres.lock-timeout", "postgres.permission",
   * "postgres.row-security", … Returns the warnings it printed.
   */
  finish(): Promise<readonly string[]>;
  /** Kills the program and, on the server, its backend. May be called twice. */
  cancel(): Promise<void>;
}

export interface RestoreRequest {
  /** The new database; must not exist (overwriting is done by the operation, through rename). */
  readonly database: string;
  readonly format: "sql" | "custom";
  /** Fresh streams on demand: decompressed bytes of the dump. */
  readonly openDump: () => Promise<Readable>;
  /** Sha256 and size that the whole stream must have before COMMIT; null for a bare file without checksums. */
  readonly expected: { readonly sizeBytes: number; readonly sha256: string } | null;
  /** database_NAME.sql; null: a plain CREATE DATABASE from template0. */
  readonly header: Buffer | null;
  /** globals_NAME.sql; null: roles are left as they are. */
  readonly globals: Buffer | null;
  /** "missing": create roles that do not exist yet (without changing those that do). "none": leave roles alone. */
  readonly roles: "missing" | "none";
  /**
   * Leave ownership and grants out: everything then belongs to the restoring role. Policies, user mappings and settings
   * that name a role which is not there are left out too, with a warning for each.
   */
  readonly withoutOwners: boolean;
  /** Roles that are called otherwise on this server; left out: none. */
  readonly roleMap?: ReadonlyMap<string, string>;
  /** Only these parts, as a survey of the same dump numbered them; left out: all. */
  readonly cut?: KeptEntries;
  /**
   * The same custom archive as a file on the machine of the client programs, restored by several pg_restore workers, each
   * table in a transaction of its own. It must have been hashed before, and goes with neither `cut` nor `roleMap`.
   */
  readonly archive?: { readonly path: string; readonly jobs: number };
  readonly signal: AbortSignal;
  readonly onProgress?: (doneBytes: number) => void;
}

export interface RestoreReport {
  readonly warnings: readonly string[];
  readonly createdRoles: readonly string[];
  /** Of the dump's text, as it says; left out where only pg_restore read it. */
  readonly encoding?: string;
}

/** Whether a dump, uncompressed, is a custom archive; by its first five bytes or more. */
export function isArchive(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, 5)).toString("latin1") === "PGDMP";
}
