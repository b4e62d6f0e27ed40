import { chmodSync, closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Catalog } from "./catalog.ts";
import { catalogFailure } from "./catalog-failure.ts";
import { createConnection } from "./connection.ts";
import { loadMigrations, migrate } from "./migrations.ts";
import { alertStateStatements } from "./statements/alert-states.ts";
import { backupStatements } from "./statements/backups.ts";
import { copyStatements } from "./statements/copies.ts";
import { copyFactStatements } from "./statements/copy-facts.ts";
import { diskSampleStatements } from "./statements/disk-samples.ts";
import { foreignFileStatements } from "./statements/foreign-files.ts";
import { jobStatements } from "./statements/jobs.ts";
import { linkStatements } from "./statements/links.ts";
import { markStatements } from "./statements/marks.ts";
import { outboxStatements } from "./statements/outbox.ts";
import { problemStatements } from "./statements/problems.ts";
import { profileStatements } from "./statements/profiles.ts";
import { proofStatements } from "./statements/proofs.ts";
import { prunedStatements } from "./statements/pruned.ts";
import { prunedCopyStatements } from "./statements/pruned-copies.ts";
import { runStatements } from "./statements/runs.ts";
import { setStatements } from "./statements/sets.ts";
import { slotStatements } from "./statements/slots.ts";
import { tallyStatements } from "./statements/tallies.ts";
import { troubleStatements } from "./statements/troubles.ts";
import { untoldStatements } from "./statements/untold.ts";

export interface CatalogOptions {
  /** How long to wait for another process that is writing; default 10,000. */
  readonly busyTimeoutMs?: number;
}

const inMemory = ":memory:";

/**
 * Opens the catalog, makes it (file 0600, directory 0700) when it is not there, and brings its schema up to
 * date. Several processes may have it open. `:memory:` is a catalog that ends with its connection.
 * Throws "catalog.newer" (nothing was touched), "catalog.damaged", "catalog.io".
 */
export function openCatalog(path: string, options: CatalogOptions = {}): Catalog {
  const connection = createConnection(openDatabase(path, options.busyTimeoutMs ?? 10_000), path);
  return {
    ...runStatements(connection),
    ...backupStatements(connection),
    ...copyStatements(connection),
    ...copyFactStatements(connection),
    ...markStatements(connection),
    ...profileStatements(connection),
    ...proofStatements(connection),
    ...prunedStatements(connection),
    ...prunedCopyStatements(connection),
    ...linkStatements(connection),
    ...foreignFileStatements(connection),
    ...jobStatements(connection),
    ...diskSampleStatements(connection),
    ...outboxStatements(connection),
    ...alertStateStatements(connection),
    ...problemStatements(connection),
    ...tallyStatements(connection),
    ...setStatements(connection),
    ...slotStatements(connection),
    ...untoldStatements(connection),
    ...troubleStatements(connection),
    atomically: connection.atomically,
    close: connection.close,
  };
}

function openDatabase(path: string, timeout: number): DatabaseSync {
  let database: DatabaseSync | null = null;
  try {
    if (path !== inMemory) prepareFile(path);
    database = new DatabaseSync(path, { timeout });
    migrate(database, path, loadMigrations());
    configure(database);
    return database;
  } catch (error) {
    database?.close();
    throw catalogFailure(error, { path, verb: "open" });
  }
}

/** SQLite gives its -wal and -shm the permissions of the file, so the file is made before SQLite sees it. */
function prepareFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
}

/**
 * WAL lets a `list` read beside a `run` that writes. FULL, because a tombstone must be on the disk before
 * the first file of its backup is deleted.
 */
function configure(database: DatabaseSync): void {
  database.exec("PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF");
  try {
    database.exec("PRAGMA journal_mode = WAL");
  } catch (error) {
    // SQLite does not wait here; whoever opens it next, or is doing so now, makes the same change
    if (!isBusy(error)) throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && Number(error.errcode) % 256 === 5;
}
