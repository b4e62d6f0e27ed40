import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";

/** What the catalog's file was being used for when it failed. */
export interface CatalogUse {
  readonly path: string;
  readonly verb: "open" | "read" | "write" | "upgrade" | "move";
}

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const sqlite = {
  error: 1,
  busy: 5,
  locked: 6,
  readonly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  constraint: 19,
  notADatabase: 26,
};

/** Translates what SQLite or the file system threw; a Failure passes unchanged. */
export function catalogFailure(thrown: unknown, use: CatalogUse): Failure {
  if (thrown instanceof Failure) return thrown;
  const code = resultCodeOf(thrown);
  if (isDamage(thrown, code)) return damagedCatalog(use.path, messageOf(thrown), thrown);
  if (code === null && errnoOf(thrown)?.startsWith("ERR_")) return internalFailure(thrown, use);
  if (code === sqlite.error || code === sqlite.constraint) return internalFailure(thrown, use);
  return new Failure("catalog.io", `Cannot ${use.verb} catalog "${use.path}": ${messageOf(thrown)}`, {
    hint: hintOf(thrown, code, use.path),
    context: { path: use.path },
    cause: thrown,
  });
}

/** The file, or a row in it, is not what was once written there. */
export function damagedCatalog(path: string, seen: string, cause?: unknown): Failure {
  return new Failure("catalog.damaged", `Cannot read catalog "${path}": ${seen}`, {
    hint: "Run `codex-backup catalog rebuild`: it moves the damaged file aside and reads the destinations anew.",
    context: { path },
    cause,
  });
}

function internalFailure(thrown: unknown, use: CatalogUse): Failure {
  return new Failure("run.internal", `Cannot ${use.verb} catalog "${use.path}": ${messageOf(thrown)}`, {
    hint: "Report this: it is a mistake in codex-backup.",
    cause: thrown,
  });
}

function resultCodeOf(thrown: unknown): number | null {
  if (!(thrown instanceof Error) || !("errcode" in thrown)) return null;
  return Number(thrown.errcode) % 256; // an extended code carries the primary one in its low byte
}

function isDamage(thrown: unknown, code: number | null): boolean {
  if (code === sqlite.corrupt || code === sqlite.notADatabase) return true;
  // the schema's version promises every table and column; a number too large was never ours
  if (code === sqlite.error) return /no such (table|column)/.test(messageOf(thrown));
  return errnoOf(thrown) === "ERR_OUT_OF_RANGE";
}

function hintOf(thrown: unknown, code: number | null, path: string): string {
  const isFull = code === sqlite.full || errnoOf(thrown) === "ENOSPC";
  if (isFull || (code === sqlite.ioError && isWithoutRoom(path)))
    return `Free space on its file system: df -h "${dirname(path)}".`;
  if (code === sqlite.busy || code === sqlite.locked) return "Try again: another process is writing to it.";
  if (code === sqlite.readonly) return "Make the file and its directory writable for the user who runs this.";
  // a full file system is told so only by some calls: the shared memory of the log cannot grow, and that is all
  if (code === sqlite.ioError)
    return "Look whether its file system is full (df), then whether its disk is well (dmesg).";
  return "Check that its directory exists, is mounted, and belongs to the user who runs this.";
}

/** Where its shared memory finds no room, SQLite speaks of an error of the disk, and of nothing more. */
function isWithoutRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < 65_536; // what the -shm of a small catalog takes, twice
  } catch {
    return false; // then another hint is nearer
  }
}
