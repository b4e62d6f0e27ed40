import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { CapsuleEntry } from "../domain/backups/manifest.ts";
import type { CapsuleLeftOut } from "./capsule.ts";
import type { Crew } from "./crew.ts";
import { deflatePieces, pieceBytes } from "./deflate-pieces.ts";
import { bytesOf, type RawName } from "./raw-name.ts";
import { judge, reasonOf } from "./read-steady.ts";
import { type FileFacts, factsFrom, openFlags, systemTree } from "./tree-door.ts";
import type { FoundEntry } from "./walk-tree.ts";
import { dataDescriptor, localHeader, type ZipRecord, zipLimits } from "./zip-layout.ts";

export type StreamedEntry =
  | {
      readonly kind: "streamed";
      readonly record: ZipRecord;
      readonly sha256: string;
      readonly state: CapsuleEntry["state"];
      /** Header, content and descriptor. */
      readonly recordBytes: number;
      /** The file could not be read to its end; what was read is in the capsule. */
      readonly isCutShort: boolean;
    }
  | { readonly kind: "left-out"; readonly reason: CapsuleLeftOut["reason"] };

export interface Streaming {
  readonly root: RawName;
  readonly entry: FoundEntry;
  readonly crew: Crew;
  onRead(bytes: number): void;
}

/**
 * Yields the record of a file too large for memory: header, content, descriptor. What the sink has taken cannot be
 * taken back, so a file that is rewritten meanwhile is "changed" at once, without retries.
 */
export async function* streamLarge(streaming: Streaming): AsyncGenerator<Uint8Array, StreamedEntry> {
  const path = `${streaming.root}/${streaming.entry.raw}`;
  let handle: FileHandle;
  try {
    handle = await open(bytesOf(path), openFlags);
  } catch (error) {
    return { kind: "left-out", reason: reasonOf(error) };
  }
  try {
    const before = factsFrom(await handle.stat({ bigint: true }));
    if (before.kind !== "file") return { kind: "left-out", reason: "changed-type" };
    const lies = systemTree.pathOf(handle.fd);
    if (lies !== null && lies !== path) return { kind: "left-out", reason: "changed-type" };
    return yield* streamOpened(handle, before, streaming);
  } finally {
    await handle.close();
  }
}

interface Tally {
  readonly hash: Hash;
  crc: number;
  sizeBytes: number;
  compressedBytes: number;
  isCutShort: boolean;
}

async function* streamOpened(
  handle: FileHandle,
  before: FileFacts,
  { entry, crew, onRead }: Streaming,
): AsyncGenerator<Uint8Array, StreamedEntry> {
  const tally: Tally = {
    hash: createHash("sha256"),
    crc: 0,
    sizeBytes: 0,
    compressedBytes: 0,
    isCutShort: false,
  };
  const { mode, modifiedMs } = before;
  const unknown = { crc32: 0, compressedBytes: 0, sizeBytes: 0 };
  const start: ZipRecord = { raw: entry.raw, method: 8, ...unknown, mode, modifiedMs, isStreamed: true };
  const header = localHeader(start, zipLimits);
  yield header;
  for await (const piece of deflatePieces(crew, readPieces(handle, before.sizeBytes, { tally, onRead }))) {
    tally.compressedBytes += piece.length;
    yield piece;
  }
  const { compressedBytes, sizeBytes } = tally;
  const record: ZipRecord = { ...start, crc32: tally.crc, compressedBytes, sizeBytes };
  const descriptor = dataDescriptor(record);
  yield descriptor;
  const sha256 = tally.hash.digest("hex");
  const state = tally.isCutShort ? "changed" : await stateOf(handle, before, { sha256, sizeBytes });
  const recordBytes = header.length + compressedBytes + descriptor.length;
  return { kind: "streamed", record, recordBytes, sha256, state, isCutShort: tally.isCutShort };
}

interface ReadingPieces {
  readonly tally: Tally;
  onRead(bytes: number): void;
}

/** Up to `limit` bytes in pieces that own their memory, counted and hashed; then an empty one. */
async function* readPieces(
  handle: FileHandle,
  limit: number,
  { tally, onRead }: ReadingPieces,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  while (tally.sizeBytes < limit && !tally.isCutShort) {
    const piece = new Uint8Array(Math.min(pieceBytes, limit - tally.sizeBytes));
    const count = await fill(handle, piece, tally);
    if (count === 0) break;
    const content = count === piece.length ? piece : piece.slice(0, count);
    tally.hash.update(content);
    tally.crc = crc32(content, tally.crc);
    tally.sizeBytes += count;
    onRead(count);
    yield content;
  }
  yield new Uint8Array(0);
}

async function fill(handle: FileHandle, piece: Uint8Array, tally: Tally): Promise<number> {
  let done = 0;
  while (done < piece.length) {
    try {
      const { bytesRead } = await handle.read(piece, done, piece.length - done, tally.sizeBytes + done);
      if (bytesRead === 0) return done;
      done += bytesRead;
    } catch {
      tally.isCutShort = true; // recorded as a loss; what was read so far is kept
      return done;
    }
  }
  return done;
}

interface WhatWasRead {
  readonly sha256: string;
  readonly sizeBytes: number;
}

async function stateOf(
  handle: FileHandle,
  before: FileFacts,
  read: WhatWasRead,
): Promise<CapsuleEntry["state"]> {
  const state = judge(before, read.sizeBytes, factsFrom(await handle.stat({ bigint: true })));
  if (state !== "grown") return state;
  return (await hashStart(handle, read.sizeBytes)) === read.sha256 ? "grown" : "changed";
}

/** Reads the start again: "grown" is claimed only of a file whose first part is proven unchanged. */
async function hashStart(handle: FileHandle, sizeBytes: number): Promise<string> {
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafeSlow(pieceBytes);
  for (let at = 0; at < sizeBytes; ) {
    const { bytesRead } = await handle.read(piece, 0, Math.min(pieceBytes, sizeBytes - at), at);
    if (bytesRead === 0) break;
    hash.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest("hex");
}
