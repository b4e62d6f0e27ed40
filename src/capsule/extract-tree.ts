import { hash } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { errnoOf, Failure } from "../domain/failure.ts";
import type { FailureCode } from "../domain/failure-table.ts";
import { damagedEntry } from "./capsule-damage.ts";
import { decodeSpan, type EntrySpan } from "./decode-entries.ts";
import { inTheWay, placeFile, placeLink, system, systemFailure } from "./place-file.ts";
import { bytesOf, type RawName, textOf } from "./raw-name.ts";
import { release } from "./release.ts";

/** Where an extraction writes. The target is resolved, absolute, without a final slash. */
export interface ExtractionPlace {
  readonly target: RawName;
  readonly overwrite: boolean;
}

export interface FolderRequest extends ExtractionPlace {
  /** Below the target, no final slash, each after all those above it. */
  readonly folders: readonly RawName[];
}

/** An entry to extract: a file, or a link whose content is its target. */
export interface ExtractItem {
  readonly raw: RawName;
  readonly span: EntrySpan;
  readonly sha256: string | null;
  readonly mode: number;
  readonly modifiedMs: number;
}

export interface ExtractBatch extends ExtractionPlace {
  /** Of the opened capsule. */
  readonly descriptor: number;
  readonly capsulePath: string;
  readonly items: readonly ExtractItem[];
}

/** What a batch got done, also when it failed on the way. */
export interface ExtractedBatch {
  readonly written: number;
  readonly failure: {
    readonly code: FailureCode;
    readonly message: string;
    readonly hint: string | null;
    readonly context: Failure["context"];
  } | null;
}

export interface Finishing extends ExtractBatch {
  /** As in FolderRequest; their modes and times come last, as writing into them changes those. */
  readonly folders: readonly { readonly raw: RawName; readonly mode: number; readonly modifiedMs: number }[];
}

/** Makes the folders, for us alone until they are finished; none of them may be a link. */
export function makeFolders({ target, folders, overwrite }: FolderRequest): void {
  for (const raw of folders) {
    const path = `${target}/${raw}`;
    try {
      mkdirSync(bytesOf(path), 0o700);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw systemFailure(`make "${textOf(path)}"`, error);
      if (!overwrite) throw inTheWay(path, "it is there already");
      if (!lstatSync(bytesOf(path)).isDirectory())
        throw inTheWay(path, "a file or a link is where a folder belongs");
    }
  }
}

/**
 * Files only, each read back and hashed before it counts. Never throws a Failure: what was written and why it ended
 * is told.
 */
export function extractBatch(batch: ExtractBatch): ExtractedBatch {
  return countingUp(batch.items, (item) => extractOne(batch, item));
}

/** Links, made last so that nothing is ever written through one; then the folders, the deepest first. */
export function finishTree(request: Finishing): ExtractedBatch {
  const links = countingUp(request.items, (item) => extractLink(request, item));
  if (links.failure !== null) return links;
  const folders = countingUp(request.folders.toReversed(), (folder) => {
    system(`finish "${textOf(folder.raw)}"`, () => finishFolder(`${request.target}/${folder.raw}`, folder));
  });
  return { written: links.written + folders.written, failure: folders.failure };
}

function countingUp<Item>(items: readonly Item[], each: (item: Item) => void): ExtractedBatch {
  let written = 0;
  try {
    for (const item of items) {
      each(item);
      written += 1;
    }
    return { written, failure: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, hint, context } = error;
    return { written, failure: { code, message, hint, context } };
  }
}

function extractOne(batch: ExtractBatch, item: ExtractItem): void {
  const content = decodeSpan(batch.descriptor, item.span);
  if (typeof content === "string") throw damagedEntry(batch.capsulePath, textOf(item.raw), content);
  const path = `${batch.target}/${item.raw}`;
  const placed = placeFile(path, batch.overwrite);
  try {
    system(`write "${textOf(path)}"`, () => writeWhole(placed.descriptor, content));
    const stored = system(`read back "${textOf(path)}"`, () => readWhole(placed.descriptor, content));
    demandHash(batch.capsulePath, item, hash("sha256", stored, "hex"));
    finishFile(placed.descriptor, item);
  } catch (error) {
    placed.discard();
    throw error;
  }
  placed.settle();
  release(content);
}

/** Throws "capsule.mismatch" when what was decoded is not what the list promises. */
export function demandHash(capsulePath: string, item: ExtractItem, sha256: string): void {
  if (sha256 === item.sha256) return;
  throw damagedEntry(capsulePath, textOf(item.raw), `its sha256 is ${sha256}, ${item.sha256} by the list`);
}

/** Mode and time. Set-user and set-group bits are left off: the owner is not the old one. */
export function finishFile(
  descriptor: number,
  { mode, modifiedMs, raw }: Omit<ExtractItem, "span" | "sha256">,
): void {
  system(`finish "${textOf(raw)}"`, () => {
    fchmodSync(descriptor, mode & 0o777);
    futimesSync(descriptor, secondsOf(modifiedMs), secondsOf(modifiedMs));
  });
}

/** Half a microsecond on top keeps the conversion inside Node from losing the last millisecond. */
function secondsOf(modifiedMs: number): number {
  return modifiedMs / 1000 + 5e-7;
}

function writeWhole(descriptor: number, content: Buffer): void {
  for (let done = 0; done < content.length; ) {
    done += writeSync(descriptor, content, done, content.length - done, done);
  }
}

/** Into the same memory: what the file system gives back is what gets hashed. */
function readWhole(descriptor: number, into: Buffer): Buffer {
  let done = 0;
  while (done < into.length) {
    const count = readSync(descriptor, into, done, into.length - done, done);
    if (count === 0) break;
    done += count;
  }
  return into.subarray(0, done);
}

function extractLink(request: Finishing, item: ExtractItem): void {
  const content = decodeSpan(request.descriptor, item.span);
  if (typeof content === "string") throw damagedEntry(request.capsulePath, textOf(item.raw), content);
  demandHash(request.capsulePath, item, hash("sha256", content, "hex"));
  const path = `${request.target}/${item.raw}`;
  placeLink(path, content, request.overwrite);
  lutimesSync(bytesOf(path), secondsOf(item.modifiedMs), secondsOf(item.modifiedMs));
}

function finishFolder(path: RawName, folder: { readonly mode: number; readonly modifiedMs: number }): void {
  const descriptor = openSync(
    bytesOf(path),
    constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW,
  );
  try {
    fchmodSync(descriptor, folder.mode & 0o777);
    futimesSync(descriptor, secondsOf(folder.modifiedMs), secondsOf(folder.modifiedMs));
  } finally {
    closeSync(descriptor);
  }
}
