import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import type { Instant } from "../domain/instant.ts";

export interface RotationLimits {
  /** A line that would make the file larger goes into a new one; the full ones become PATH.1, PATH.2, … */
  readonly maxBytes: number;
  /** So many full ones are kept beside the one that is written. */
  readonly maxFiles: number;
  /** Full ones that were last written longer ago are removed. */
  readonly maxAgeMs: number;
}

/** A log file that never outgrows its limits; a stream for platform/log. */
export interface RotatingFile {
  readonly path: string;
  /**
   * Appends one line with its newline. Never throws: a full disk must not end the work because of its log.
   * What is not kept is counted.
   */
  write(line: string): void;
  droppedLines(): number;
  /** May be called twice. */
  close(): void;
}

/**
 * Opens (0600, directory 0700) or goes on with a log. Several processes may write the same one, and another
 * program may move it away (logrotate without copytruncate): each line looks whether the path still leads to
 * the open file. Throws "platform.file" when it cannot be opened.
 */
export function openRotatingFile(path: string, limits: RotationLimits, now: () => Instant): RotatingFile {
  let file = tryTo("open", path, () => openForAppending(path));
  let isOpen = true;
  let dropped = 0;
  const append = (bytes: Buffer) => {
    if (!isSameFile(file, path)) file = reopen(file, path);
    const sizeBytes = fstatSync(file).size;
    if (sizeBytes > 0 && sizeBytes + bytes.length > limits.maxBytes) {
      rotate(path, limits, now());
      file = reopen(file, path);
    }
    writeSync(file, bytes); // one call and O_APPEND: lines of several processes do not mix
  };
  return {
    path,
    write(line) {
      try {
        if (isOpen) append(Buffer.from(line));
        else dropped += 1;
      } catch {
        dropped += 1; // a full disk, or a directory that is gone; the caller can ask
      }
    },
    droppedLines: () => dropped,
    close() {
      if (isOpen) closeSync(file);
      isOpen = false;
    },
  };
}

function openForAppending(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, "a", 0o600);
}

function reopen(file: number, path: string): number {
  const next = openForAppending(path);
  closeSync(file);
  return next;
}

function isSameFile(file: number, path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  const open = fstatSync(file);
  return there !== undefined && there.ino === open.ino && there.dev === open.dev;
}

/** Moves PATH to PATH.1, PATH.1 to PATH.2 and so on, the oldest first; removes what is too much or too old. */
export function rotate(path: string, { maxFiles, maxAgeMs }: RotationLimits, now: Instant): void {
  rmSync(`${path}.${maxFiles}`, { force: true });
  for (let number = maxFiles - 1; number >= 1; number--) move(`${path}.${number}`, `${path}.${number + 1}`);
  if (maxFiles > 0) move(path, `${path}.1`);
  else rmSync(path, { force: true });
  for (let number = 1; number <= maxFiles; number++) {
    const found = statSync(`${path}.${number}`, { throwIfNoEntry: false });
    if (found && now - found.mtimeMs > maxAgeMs) rmSync(`${path}.${number}`, { force: true });
  }
}

/** Another process may have been first. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

function tryTo<T>(verb: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Failure("platform.file", `Cannot ${verb} log "${path}": ${messageOf(error)}`, {
      hint: "Make its directory, writable by the user who runs this, or name another file.",
      context: { path },
      cause: error,
    });
  }
}
