import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from "node:fs";
import { bytesOf, type RawName } from "./raw-name.ts";

export type FileKind = "file" | "directory" | "symlink" | "fifo" | "socket" | "device";

export interface FileFacts {
  readonly kind: FileKind;
  readonly sizeBytes: number;
  /** All of st_mode. */
  readonly mode: number;
  readonly modifiedMs: number;
  /** When content, name or rights were last changed: the later of mtime, which programs may set, and ctime, which they may not. */
  readonly touchedMs: number;
  /** Device and inode: the same for the same file only. */
  readonly identity: string;
  /** Changes whenever content or metadata do (mtime and ctime, nanoseconds). */
  readonly stamp: string;
}

/**
 * The walked tree, as blocking calls: they run in a worker, so that a hung mount stalls that thread and not
 * the process. Every call throws the system's error. Tests put a misbehaving one in its place.
 */
export interface TreeDoor {
  list(path: RawName): readonly RawName[];
  /** Of the path itself; a link is not followed. */
  factsAt(path: RawName): FileFacts;
  targetOf(path: RawName): RawName;
  /** For reading; refuses a link as last name and never waits for the other end of a fifo. */
  open(path: RawName): number;
  factsOf(descriptor: number): FileFacts;
  /** Fills `into` from `position`; how many bytes, 0 at the end. */
  read(descriptor: number, into: Buffer, position: number): number;
  close(descriptor: number): void;
  /** Where the opened file really lies, by the kernel's account; null where there is no /proc. */
  pathOf(descriptor: number): RawName | null;
  pause(ms: number): void;
}

export const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export const systemTree: TreeDoor = {
  list: (path) => readdirSync(bytesOf(path), { encoding: "latin1" }),
  factsAt: (path) => factsFrom(lstatSync(bytesOf(path), { bigint: true })),
  targetOf: (path) => readlinkSync(bytesOf(path), "latin1"),
  open: (path) => openSync(bytesOf(path), openFlags),
  factsOf: (descriptor) => factsFrom(fstatSync(descriptor, { bigint: true })),
  read: (descriptor, into, position) => readSync(descriptor, into, 0, into.length, position),
  close: (descriptor) => closeSync(descriptor),
  pathOf(descriptor) {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`, "latin1");
    } catch {
      return null; // no /proc here: the check that uses it is an extra one
    }
  },
  pause(ms) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  },
};

/** From exact (bigint) figures; times in whole milliseconds, rounded down. */
export function factsFrom(stat: BigIntStats): FileFacts {
  return {
    kind: kindOf(stat),
    sizeBytes: Number(stat.size),
    mode: Number(stat.mode),
    modifiedMs: wholeMs(stat.mtimeNs),
    touchedMs: Math.max(wholeMs(stat.mtimeNs), wholeMs(stat.ctimeNs)),
    identity: `${stat.dev}:${stat.ino}`,
    stamp: `${stat.mtimeNs}:${stat.ctimeNs}`,
  };
}

/** Downwards, also before 1970. */
function wholeMs(ns: bigint): number {
  return Number(ns / 1_000_000n) - (ns % 1_000_000n < 0n ? 1 : 0);
}

function kindOf(stat: BigIntStats): FileKind {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isFIFO()) return "fifo";
  return stat.isSocket() ? "socket" : "device";
}
