/**
 * Capsules: a directory tree as one ordinary zip file, and back.
 *
 * Owns: walking a tree, the zip64 layout, writing it fast and always the same, reading it with an
 * independent reader, extracting it safely. Refuses: to know destinations, schedules, policies or
 * manifests beside the zip. Words: root, entry, left out, grown, changed.
 * May go to: platform, domain.
 */
import type { Readable, Writable } from "node:stream";
import type { CapsuleEntry } from "../domain/backups/manifest.ts";
import type { FailureCode } from "../domain/failure-table.ts";
import type { Instant } from "../domain/instant.ts";
import type { CapsuleSource } from "../domain/jobs/source.ts";

/** What this room raises. @public */
export type CapsuleFailureCode = Extract<FailureCode, `capsule.${string}`>;

/**
 * The name of the entry list inside each capsule: sorted JSON, the same as in the manifest beside it, and always the
 * zip's last entry. Where the tree holds that name itself, the list is "codex-capsule-1.json" (-2, …).
 */
export const entryListName = "codex-capsule.json";

export interface CapsuleProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly doneEntries: number;
  readonly totalEntries: number;
  /** The path being read. */
  readonly current: string;
}

export interface CapsuleWritten {
  readonly entries: readonly CapsuleEntry[];
  /** With the reason: unreadable, vanished, fifo, socket, device, cycle. Not empty means the capsule is incomplete, unless every reason is harmless. */
  readonly leftOut: readonly CapsuleLeftOut[];
  readonly contentBytes: number;
  /** Of each entry, in their order: when its content, name or rights were last changed, by the file system's clock. */
  readonly touchedAt: readonly Instant[];
}

export interface CapsuleLeftOut {
  readonly path: string;
  readonly reason:
    | "unreadable"
    | "vanished"
    | "missing"
    | "fifo"
    | "socket"
    | "device"
    | "cycle"
    | "changed-type";
  /** False: expected, only recorded (sockets, fifos, devices). True: the capsule is incomplete. */
  readonly isLoss: boolean;
}

/** What walking found before anything was read, for the free-space estimate. */
export interface CapsuleEstimate {
  readonly files: number;
  readonly contentBytes: number;
}

export interface CapsuleCheckOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: CapsuleProgress) => void;
}

export interface ExtractOptions extends CapsuleCheckOptions {
  /** Absolute; created when missing. Must be empty unless `overwrite`. Nothing is written outside of it, links included. */
  readonly target: string;
  readonly overwrite: boolean;
  /** Only these paths and what is under them; empty means all. */
  readonly only: readonly string[];
}

export interface Capsules {
  /** Throws "capsule.root-missing", "capsule.root-unreadable", "capsule.empty". */
  estimate(source: CapsuleSource, signal: AbortSignal): Promise<CapsuleEstimate>;
  /**
   * Walks, reads, hashes, deflates and writes one zip to `sink` and ends it. Throws as estimate does, and
   * the sink's own error. The same tree gives the same bytes.
   */
  write(source: CapsuleSource, sink: Writable, options: CapsuleCheckOptions): Promise<CapsuleWritten>;
  /**
   * Reads a zip to its end with a reader that shares nothing with the writer: every entry is decoded, its
   * CRC and sha256 compared with the entry list inside. Returns that list. `path` is a local file, because
   * a zip is read from its end. Throws "capsule.unreadable", "capsule.mismatch" naming the entry, "capsule.unsafe-path".
   */
  check(path: string, options: CapsuleCheckOptions): Promise<readonly CapsuleEntry[]>;
  /**
   * For zips that other programs made (they have no entry list inside): every entry is decoded and its CRC
   * compared; returns what was found, with hashes of now. Throws "capsule.unreadable" naming the entry.
   */
  checkForeign(path: string, options: CapsuleCheckOptions): Promise<readonly CapsuleEntry[]>;
  /**
   * Returns how many entries it wrote. Throws as check does, "capsule.target-exists", "capsule.entry-missing" when `only`
   * names nothing, "platform.file" when the target cannot be written; the message says how much is there already.
   */
  extract(path: string, options: ExtractOptions): Promise<number>;
  /**
   * As extract, for zips that other programs made. All names are judged and every entry is decoded and its CRC compared
   * before the first is written. Links are made as they are and never followed. Throws also "capsule.unsafe-path" when
   * two entries claim one name.
   */
  extractForeign(path: string, options: ExtractOptions): Promise<number>;
  /**
   * By the headers only: "capsule" when the zip has an entry list as its last entry. Throws "capsule.unreadable", and
   * for a foreign zip "capsule.unsafe-path" when it could not be extracted safely.
   */
  originOf(path: string): Promise<"capsule" | "foreign">;
  /** One file's content, without extracting anything. Throws "capsule.entry-missing", and as check does. */
  openEntry(path: string, entry: string): Promise<Readable>;
}

/** Whether a file is a zip: it starts with a local header or, when empty, with the end record. */
export function isZip(head: Uint8Array): boolean {
  return ["504b0304", "504b0506"].includes(Buffer.from(head.subarray(0, 4)).toString("hex"));
}

/** False when something that should be inside is not, or was still changing when it was read: such a run is incomplete. */
export function isWholeCapsule({ entries, leftOut }: Pick<CapsuleWritten, "entries" | "leftOut">): boolean {
  return !leftOut.some((item) => item.isLoss) && !entries.some((entry) => entry.state === "changed");
}
