import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { CapsuleEntry } from "../domain/backups/manifest.ts";
import type { CapsuleLeftOut } from "./capsule.ts";
import { deflatePiece } from "./deflate-piece.ts";
import { bytesOf, type RawName } from "./raw-name.ts";
import { readSteady, reasonOf } from "./read-steady.ts";
import { release } from "./release.ts";
import type { TreeDoor } from "./tree-door.ts";
import type { FoundEntry } from "./walk-tree.ts";
import { localHeader, type ZipRecord, zipLimits } from "./zip-layout.ts";

/** An entry ready to be written: `recordBytes` of header and content. */
export interface PackedEntry {
  readonly kind: "packed";
  readonly record: ZipRecord;
  readonly recordBytes: number;
  readonly sha256: string | null;
  readonly state: CapsuleEntry["state"];
}

export type PackOutcome =
  | PackedEntry
  | { readonly kind: "left-out"; readonly reason: CapsuleLeftOut["reason"] }
  /** Outgrew the limit since it was walked; it has to be streamed. */
  | { readonly kind: "large" };

export interface PackedBatch {
  /** One for each entry asked for, in that order. */
  readonly outcomes: readonly PackOutcome[];
  /** The records of the packed ones, one after the other; a buffer of its own, so that it can be handed over. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface PackRequest {
  readonly root: RawName;
  readonly entries: readonly FoundEntry[];
}

type Packed = readonly [PackOutcome, readonly Buffer[]];

/** Reads, hashes, deflates and lays out a batch of entries, none larger than `scratch`. Never throws for one file. */
export function packFiles(door: TreeDoor, { root, entries }: PackRequest, scratch: Buffer): PackedBatch {
  const packed = entries.map((entry) => packOne(door, { path: `${root}/${entry.raw}`, entry, scratch }));
  const parts = packed.flatMap(([, buffers]) => buffers);
  const bytes = joinOwned(parts);
  for (const part of parts) release(part);
  return { outcomes: packed.map(([outcome]) => outcome), bytes };
}

/** Joined in memory that belongs to nothing else (small Buffers share a pool, which cannot be transferred). */
export function joinOwned(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

interface PackingOne {
  readonly path: RawName;
  readonly entry: FoundEntry;
  readonly scratch: Buffer;
}

function packOne(door: TreeDoor, { path, entry, scratch }: PackingOne): Packed {
  if (entry.kind === "directory") return layOut(entry, { content: null, state: "stable" });
  if (entry.kind === "symlink") return packLink(door, path, entry);
  const read = readSteady(door, path, scratch);
  if (read.kind !== "read") return [read, []];
  const { mode, modifiedMs } = read.facts;
  return layOut({ ...entry, mode, modifiedMs }, { content: read.content, state: read.state });
}

function packLink(door: TreeDoor, path: RawName, entry: FoundEntry): Packed {
  try {
    return layOut(entry, { content: bytesOf(door.targetOf(path)), state: "stable" });
  } catch (error) {
    const reason = isNoLink(error) ? "changed-type" : reasonOf(error);
    return [{ kind: "left-out", reason }, []];
  }
}

function isNoLink(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EINVAL";
}

interface Content {
  /** Null for folders. */
  readonly content: Buffer | null;
  readonly state: CapsuleEntry["state"];
}

function layOut(entry: FoundEntry, { content, state }: Content): Packed {
  const plain = content ?? Buffer.alloc(0);
  const deflated = entry.kind === "file" && plain.length > 0 ? deflatePiece(wholePiece(plain)) : plain;
  const isSmaller = deflated.length < plain.length;
  // A stored copy must leave the scratch buffer, which the next file overwrites.
  const stored = isSmaller ? deflated : Buffer.from(plain);
  const record: ZipRecord = {
    raw: entry.raw,
    method: isSmaller ? 8 : 0,
    crc32: crc32(plain),
    compressedBytes: stored.length,
    sizeBytes: plain.length,
    mode: entry.mode,
    modifiedMs: entry.modifiedMs,
    isStreamed: false,
  };
  const header = localHeader(record, zipLimits);
  const sha256 = content === null ? null : hash("sha256", plain, "hex");
  const recordBytes = header.length + stored.length;
  return [{ kind: "packed", record, recordBytes, sha256, state }, [header, stored]];
}

function wholePiece(content: Buffer) {
  return { content, dictionary: null, isLast: true } as const;
}
