import { readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Failure, messageOf } from "../domain/failure.ts";

/** Who holds a lock, as the lock file tells it. */
export interface LockHolder {
  readonly host: string;
  readonly bootId: string;
  readonly pid: number;
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

export interface FileLock {
  /** Frees the lock. May be called twice. The kernel does the same when the process dies. */
  release(): void;
}

export type LockAttempt =
  | { readonly kind: "held"; readonly lock: FileLock }
  | { readonly kind: "busy"; readonly holder: LockHolder | null };

const sqliteBusy = 5;

/**
 * Tries once to take the lock that lives in an SQLite file of its own: `BEGIN EXCLUSIVE`, held open.
 * The lock is the kernel's, so it cannot outlive its holder, also after SIGKILL; the `.holder` file beside it
 * (readable while the lock is held) only says who.
 * Throws Failure "platform.lock" when the file cannot be used at all.
 */
export function tryFileLock(path: string, holder: LockHolder): LockAttempt {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if (isBusy(error)) return { kind: "busy", holder: readHolder(path) };
    throw unusable(path, error);
  }
  const lock = lockOf(database);
  try {
    writeHolder(path, holder);
  } catch (error) {
    lock.release();
    throw unusable(path, error);
  }
  return { kind: "held", lock };
}

function unusable(path: string, error: unknown): Failure {
  return new Failure("platform.lock", `Cannot lock "${path}": ${messageOf(error)}`, {
    hint: "Check that its directory exists and can be written.",
    cause: error,
  });
}

function lockOf(database: DatabaseSync): FileLock {
  let open = true;
  return {
    release() {
      if (!open) return;
      open = false;
      database.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && Number(error.errcode) % 256 === sqliteBusy;
}

function holderPath(path: string): string {
  return `${path}.holder`;
}

function writeHolder(path: string, holder: LockHolder): void {
  writeFileSync(holderPath(path), JSON.stringify(holder), { mode: 0o600 });
}

/** Null when the holder has not written its name yet: the lock itself is what counts. */
function readHolder(path: string): LockHolder | null {
  try {
    const value: unknown = JSON.parse(readFileSync(holderPath(path), "utf8"));
    return isHolder(value) ? value : null;
  } catch {
    return null; // being written at this moment, or not there yet
  }
}

function isHolder(value: unknown): value is LockHolder {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const texts = ["host", "bootId", "runId", "since"];
  return texts.every((key) => typeof fields.get(key) === "string") && typeof fields.get("pid") === "number";
}
