import { formatBackupFile, parseBackupFile } from "../backups/backup-file.ts";
import type { Instant } from "../instant.ts";
import type { ChecksumLine } from "./checksum-line.ts";

/** A file of others as the last nights saw it. */
export interface ForeignFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** When this name was first seen with this size and mtime. */
  readonly firstSeenAt: Instant;
}

interface ListedFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface ChecksumReviewInput {
  readonly entries: readonly ChecksumLine[];
  /** The directory as it is listed now (no hidden names, no folders). */
  readonly files: readonly ListedFile[];
  /** Name → sha256 at birth of the files of our own backups, from their NAME.sha256 and manifests. */
  readonly own: ReadonlyMap<string, string>;
  readonly seen: readonly ForeignFile[];
  readonly now: Instant;
}

/** What the nightly task has to do. Pure: nothing was hashed or written yet. */
export interface ChecksumReview {
  /**
   * Entries to hash and compare: all but those of checksum files. Whether the file is there is for hashing to
   * say, because an entry may lead through a link or into a sub-folder. Duplicates are both here.
   */
  readonly toCheck: readonly ChecksumLine[];
  /**
   * Our own files without an entry: it is made again from what they were at birth, never from the bytes, and
   * checked too. Also those that are gone while their manifest still lies there.
   */
  readonly toRestore: readonly ChecksumLine[];
  /** Our own files whose entry says something else than their manifest. */
  readonly contradictions: readonly ChecksumContradiction[];
  /** Files under the name of one of our backups of which nothing says what they were: never taken as they are. */
  readonly unvouched: readonly string[];
  /** Files of others that have settled: hash and add. */
  readonly toAdopt: readonly ForeignFile[];
  /** Files of others that may still be written to: looked at again next time. */
  readonly unsettled: readonly ForeignFile[];
  /** To be remembered for the next night. */
  readonly seen: readonly ForeignFile[];
}

export interface ChecksumContradiction {
  readonly name: string;
  readonly entrySha256: string;
  readonly manifestSha256: string;
}

const settleMs = 60 * 60 * 1000;

/**
 * Decides what to hash, add and report (STATE "checksums.txt and files of others"). A file of others has
 * settled when an earlier review, at least an hour ago, saw it with the same size and mtime, or when it was
 * not modified for an hour. Entries of checksum files themselves are left alone: they cannot hold.
 */
export function reviewChecksums(input: ChecksumReviewInput): ChecksumReview {
  const files = input.files.filter((file) => !isNeverListed(file.name));
  const entries = input.entries.filter((line) => !isChecksumFile(line.path));
  const hasEntry = new Set(entries.map((line) => line.path));
  const before = new Map(input.seen.map((file) => [file.name, file]));
  const shelf = shelfOf(input.files);
  const unknown = files.filter((file) => !hasEntry.has(file.name) && !input.own.has(file.name));
  const foreign = unknown
    .filter((file) => !shelf.isOfBackup(file.name))
    .map((file) => remember(file, before.get(file.name), input.now));
  return {
    toCheck: entries,
    toRestore: [...input.own]
      .filter(([name]) => !hasEntry.has(name) && isOwnListed(name) && shelf.isExpected(name))
      .map(([path, sha256]) => ({ path, sha256 })),
    contradictions: entries.flatMap((line) => contradictionOf(line, input.own)),
    unvouched: unknown.filter((file) => shelf.isOfBackup(file.name)).map((file) => file.name),
    toAdopt: foreign.filter((file) => isSettled(file, input.now)),
    unsettled: foreign.filter((file) => !isSettled(file, input.now)),
    seen: foreign,
  };
}

/**
 * Names that never get an entry from the nightly task: checksum files themselves, what is small and says
 * hashes or has a signature of its own (manifests, proofs, `.sha256`, `.minisig`), marks that may be
 * removed by hand, the restore page, hidden names.
 */
export function isNeverListed(name: string): boolean {
  return (
    name.startsWith(".") ||
    isChecksumFile(name) ||
    /^RESTORE(-v\d+)?\.md$/.test(name) ||
    /\.(sha256|minisig|manifest\.json|hold|accepted)$/.test(name) ||
    /\.(proof|check)-[^/]*\.json$/.test(name)
  );
}

/** The manifests of our backups have an entry too: it was born with them. */
function isOwnListed(name: string): boolean {
  return !isNeverListed(name) || parseBackupFile(name)?.file.kind === "manifest";
}

interface Shelf {
  /** Whether it bears the name of a backup whose manifest lies there. */
  isOfBackup(name: string): boolean;
  isExpected(name: string): boolean;
}

function shelfOf(files: readonly ListedFile[]): Shelf {
  const names = new Set(files.map((file) => file.name));
  const isOfBackup = (name: string): boolean => {
    const parsed = parseBackupFile(name);
    return parsed !== null && names.has(formatBackupFile(parsed.base, { kind: "manifest" }));
  };
  return { isOfBackup, isExpected: (name) => names.has(name) || isOfBackup(name) };
}

function isChecksumFile(name: string): boolean {
  return /^(test_)?checksums.*\.txt$/i.test(name);
}

function remember(file: ListedFile, before: ForeignFile | undefined, now: Instant): ForeignFile {
  const isSame = before?.sizeBytes === file.sizeBytes && before.modifiedMs === file.modifiedMs;
  const firstSeenAt = isSame && before.firstSeenAt <= now ? before.firstSeenAt : now; // else the clock went back
  return { name: file.name, sizeBytes: file.sizeBytes, modifiedMs: file.modifiedMs, firstSeenAt };
}

function isSettled(file: ForeignFile, now: Instant): boolean {
  return file.firstSeenAt <= now - settleMs || file.modifiedMs <= now - settleMs;
}

function contradictionOf(
  line: ChecksumLine,
  own: ReadonlyMap<string, string>,
): readonly ChecksumContradiction[] {
  const manifestSha256 = own.get(line.path);
  if (manifestSha256 === undefined || manifestSha256 === line.sha256) return [];
  return [{ name: line.path, entrySha256: line.sha256, manifestSha256 }];
}
