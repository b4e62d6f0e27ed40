import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { errnoOf, messageOf } from "../domain/failure.ts";

/** What hashing one path gave. */
export type HashedPath =
  | {
      readonly kind: "hashed";
      readonly sha256: string;
      readonly sizeBytes: number;
      /** False when size, mtime or ctime moved while it was read: the hash is of a mixture. */
      readonly isStable: boolean;
    }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly errno: string | null; readonly reason: string };

/** 256 KiB stay in the processor's cache between reading and hashing: measured 1.14 GB/s against 0.85 with 1 MiB. */
const blockBytes = 256 * 1024;
const progressBytes = 16 * 1024 * 1024;
let block: Buffer | null = null;

/**
 * Hashes one regular file, blocking its thread: for worker threads and small files only. `onBytes` is
 * called every 16 MiB and at the end.
 */
export function hashPath(path: string, onBytes: (bytes: number) => void): HashedPath {
  let descriptor: number | null = null;
  try {
    // O_NONBLOCK: opening a fifo that took a file's name must not wait for a writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return hashOpen(descriptor, onBytes);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") return { kind: "missing" };
    return { kind: "unreadable", errno, reason: messageOf(error) };
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function hashOpen(descriptor: number, onBytes: (bytes: number) => void): HashedPath {
  const before = fstatSync(descriptor);
  if (!before.isFile()) return { kind: "unreadable", errno: null, reason: "it is not a regular file" };
  const hash = createHash("sha256");
  block ??= Buffer.allocUnsafeSlow(blockBytes);
  let sizeBytes = 0;
  let unreported = 0;
  for (;;) {
    const length = readSync(descriptor, block, 0, block.length, null);
    if (length === 0) break;
    hash.update(length === block.length ? block : block.subarray(0, length));
    sizeBytes += length;
    unreported += length;
    if (length < block.length && sizeBytes === before.size) break; // saves small files a second read
    if (unreported < progressBytes) continue;
    onBytes(unreported);
    unreported = 0;
  }
  onBytes(unreported);
  const isStable = isSame(before, fstatSync(descriptor)) && before.size === sizeBytes;
  return { kind: "hashed", sha256: hash.digest("hex"), sizeBytes, isStable };
}

function isSame(before: Stats, after: Stats): boolean {
  return before.size === after.size && before.mtimeMs === after.mtimeMs && before.ctimeMs === after.ctimeMs;
}
