/**
 * Destinations: where backups are kept, as named objects in one flat folder.
 *
 * Owns: putting, reading back, publishing and removing files by name; the sentinel; free space; and, where
 * there is a directory, its checksums.txt. Refuses: to know what a backup is, to overwrite anything, to
 * hold a policy. Words: staged (whole, not yet published; under a hidden name where the storage can rename, else
 * under its final one), published (under its final name, whole, ours), read back (bytes fetched from the medium,
 * past the cache where that is possible), retained (the storage refuses to remove it yet).
 * May go to: platform, domain.
 */
import type { Readable, Writable } from "node:stream";
import type { ChecksumLine } from "../domain/checksums/checksum-line.ts";
import type { Immutability, StorageTraits } from "../domain/copies/storage-traits.ts";
import type { FailureCode } from "../domain/failure-table.ts";

/** What this room raises. @public */
export type DestinationFailureCode = Extract<FailureCode, `destination.${string}` | `checksums.${string}`>;

export interface DestinationFacts {
  /** From the sentinel; stays the same when the directory is mounted elsewhere. */
  readonly id: string;
  /** Things that work tonight but should be mended, e.g. a directory that everybody can read. */
  readonly warnings: readonly string[];
  /** For a user without privileges; null when the storage does not tell. */
  readonly freeBytes: number | null;
  readonly totalBytes: number | null;
  /** Null where what lies there can be removed at any time. */
  readonly immutability: Immutability | null;
}

/** Bytes of a file, from `start` on, `length` of them at most. */
export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/** "gone": it was not there. "retained": the storage keeps it for now (object lock, no right to remove) and it stands as before. */
export type Removed = "removed" | "gone" | "retained";

export interface StoredFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970; for display and for settling of foreign files only, never for policy. */
  readonly modifiedMs: number;
}

export interface StagedName {
  readonly name: string;
  /** Null: the storage does not tell whose it is (an upload that was never completed); then only its age counts. */
  readonly runId: string | null;
  /** The storage's own word for it, for discardStaged. */
  readonly handle: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface OpenedFile {
  readonly stream: Readable;
  /** "direct": the bytes come from the medium; "cached": maybe from the page cache. */
  readonly source: "direct" | "cached";
}

/** A file on its way: bytes under a hidden name that no other tool takes for a backup. */
export interface StagedFile {
  readonly name: string;
  /** Where the staged bytes lie on this machine, for readers that need random access; null when remote. */
  readonly localPath: string | null;
  /** Ends (`finish`) only after the bytes are synced to the medium. Keeps the chunks for a while: do not change them after writing. Fails with "destination.full" or "destination.io". */
  readonly sink: Writable;
  /** After `sink` has finished: opens what was stored. The caller reads to the end or destroys the stream. */
  readBack(range?: ByteRange): Promise<OpenedFile>;
  /** After `sink` has finished: how many bytes the storage says it holds. */
  storedBytes(): Promise<number>;
  /**
   * Gives it its final name, with the configured owner and mode. Throws "destination.exists" when that
   * name is taken (the staged bytes stay). May be called again after a crash: already published is fine.
   * Where the storage cannot rename, the name is taken when `sink` finishes, which then throws "destination.exists".
   */
  publish(): Promise<void>;
  /** Removes the staged bytes, also those of a sink under way. May be called at any time, twice, and after publish (then it does nothing). */
  discard(): Promise<void>;
}

export interface OpenOptions {
  readonly direct?: boolean;
  /** A part of it alone. */
  readonly range?: ByteRange;
}

export interface Destination {
  /** As the config calls it. */
  readonly name: string;
  /** For people: a path or URL without secrets. */
  readonly location: string;
  readonly traits: StorageTraits;
  /**
   * Checks the sentinel, that files can be written, and the free space. Throws "destination.missing",
   * "…sentinel-missing", "…sentinel-foreign", "…not-writable".
   */
  ready(): Promise<DestinationFacts>;
  /** As ready(), but writes nothing: for status and monitors, which need no right to write. */
  look(): Promise<DestinationFacts>;
  /** Writes the sentinel and RESTORE-v1.md; keeps both when they are there. Creates the directory with its mode and owner. Returns the id. */
  initialise(): Promise<string>;
  /**
   * Starts a file. `runId` marks it, so that leftovers can be told apart. `expectedBytes`: about how long it will
   * be, for storages that cut it into parts; null: nobody knows.
   */
  stage(name: string, runId: string, expectedBytes?: number | null): Promise<StagedFile>;
  /** What earlier runs left staged. Never a file of a backup whose manifest is there. */
  listStaged(): Promise<readonly StagedName[]>;
  /** Takes up a leftover that is whole, to publish or discard it; null when there is none. */
  resume(name: string, runId: string): Promise<StagedFile | null>;
  /** Removes one of listStaged's, whole or not; false when it is gone, or published by now. */
  discardStaged(left: StagedName): Promise<boolean>;
  /**
   * Every file under a final name, sorted by name; hidden names and directories are left out. Where the storage
   * cannot rename, that includes what is staged and whole: a backup exists only with its manifest.
   */
  list(): Promise<readonly StoredFile[]>;
  /** Null when there is no such file. */
  stat(name: string): Promise<StoredFile | null>;
  /** Throws "destination.not-found". `direct` asks for bytes from the medium where that is possible. */
  open(name: string, options?: OpenOptions): Promise<OpenedFile>;
  /**
   * Where a published file lies on this machine; null when remote. Does not look whether it is there. A path
   * in checksums.txt ("sub/x.zip") is read as `sha256sum -c` would read it in the directory.
   */
  localPath(name: string): string | null;
  /** Whole content of a small file; throws "destination.not-found", or "destination.io" above `limitBytes` (default 256 MiB). */
  read(name: string, limitBytes?: number): Promise<Buffer>;
  /** Stages, syncs, publishes a small file in one go. Throws "destination.exists". */
  put(name: string, bytes: Uint8Array, runId: string): Promise<void>;
  remove(name: string): Promise<Removed>;
  /** Makes published and removed names durable (fsync of the directory). */
  sync(): Promise<void>;
  /** Ends its connections. May be called twice; the next call opens them again. */
  close(): Promise<void>;
  /** The directory's checksums.txt; null where there is no directory that `sha256sum -c` could run in. */
  readonly checksums: DirectoryChecksums | null;
}

export interface ChecksumsRead {
  /** False when there is no file. */
  readonly exists: boolean;
  readonly entries: readonly ChecksumLine[];
  /** Numbers (from 1) of the lines that are no checksums; while there is one, nothing can be changed. */
  readonly malformed: readonly number[];
}

/**
 * `checksums.txt` of a directory. Each change is one atomic replacement under the directory's lock; an
 * entry is never made from later bytes of a file that has one.
 */
export interface DirectoryChecksums {
  /** Reads what can be read: for the task that reports the rest. */
  read(): Promise<ChecksumsRead>;
  /** In file order; malformed lines throw "checksums.malformed" with their number. Empty when there is no file. */
  entries(): Promise<readonly ChecksumLine[]>;
  /** Adds entries for names that have none. Throws "checksums.mismatch" when one has another hash. */
  add(lines: readonly ChecksumLine[]): Promise<void>;
  /** Drops the entries of these names; unknown names are fine. */
  drop(names: readonly string[]): Promise<void>;
  /** Only for `checksums accept`: gives a name a new hash on a person's word. Throws "checksums.unknown-file". */
  replace(line: ChecksumLine): Promise<void>;
}
