import type { DatabaseSync } from "node:sqlite";
import { Failure } from "../domain/failure.ts";
import { listOwnFiles, readOwnText } from "../platform/own-files.ts";

/** One step of the schema. Once released it is never changed: catalogs made with it exist. */
export interface Migration {
  /** The `user_version` that it leads to; 1, 2, 3, … */
  readonly version: number;
  readonly sql: string;
}

/** "CxBk": tells a catalog from another program's database. */
const applicationId = 0x4378426b;

/** Reads schema/NNNN-subject.sql beside this file, in order. */
export function loadMigrations(): readonly Migration[] {
  const names = listOwnFiles("src/catalog/schema").filter((name) => /^\d{4}-.+\.sql$/.test(name));
  return names.map((name) => ({
    version: Number(name.slice(0, 4)),
    sql: readOwnText(`src/catalog/schema/${name}`),
  }));
}

/**
 * Brings the schema up to the last of `migrations`, in one transaction, also when several processes try at once.
 * Throws "catalog.newer" or "catalog.io" before anything is written when the file is not ours to touch.
 */
export function migrate(database: DatabaseSync, path: string, migrations: readonly Migration[]): void {
  const latest = migrations.at(-1)?.version ?? 0;
  if (judge(database, path, latest) === latest) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    const version = judge(database, path, latest); // another process may have been first
    for (const migration of migrations) if (migration.version > version) database.exec(migration.sql);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${latest}; COMMIT`);
  } finally {
    if (database.isTransaction) database.exec("ROLLBACK");
  }
}

/** The version of the schema that is there: 0 for an empty file. */
function judge(database: DatabaseSync, path: string, latest: number): number {
  const version = pragma(database, "user_version");
  const owner = pragma(database, "application_id");
  if (owner !== applicationId && (version !== 0 || countTables(database) > 0)) throw foreignFailure(path);
  if (version > latest) throw newerFailure(path, version, latest);
  return version;
}

function pragma(database: DatabaseSync, name: "user_version" | "application_id"): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function countTables(database: DatabaseSync): number {
  return Number(database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get()?.tables);
}

function newerFailure(path: string, version: number, latest: number): Failure {
  return new Failure(
    "catalog.newer",
    `Cannot open catalog "${path}": its schema is ${version}, this codex-backup knows up to ${latest}`,
    {
      hint: "Use the newer codex-backup that wrote it, or set `state` to another directory.",
      context: { path, version, latest },
    },
  );
}

function foreignFailure(path: string): Failure {
  return new Failure("catalog.io", `Cannot open catalog "${path}": it is another program's database`, {
    hint: "Set `state` to a directory of its own.",
    context: { path },
  });
}
