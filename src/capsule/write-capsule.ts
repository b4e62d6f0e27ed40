import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32 } from "node:zlib";
import type { CapsuleEntry } from "../domain/backups/manifest.ts";
import { Failure } from "../domain/failure.ts";
import { type Instant, nearestInstant } from "../domain/instant.ts";
import type { CapsuleSource } from "../domain/jobs/source.ts";
import { ahead } from "./ahead.ts";
import type { CapsuleCheckOptions, CapsuleLeftOut, CapsuleWritten } from "./capsule.ts";
import type { Crew } from "./crew.ts";
import { type ResolvedTree, wholeFileBytes } from "./crew-work.ts";
import { deflatePieces } from "./deflate-pieces.ts";
import { chooseListName, describeEntry, formatEntryList } from "./entry-list.ts";
import type { PackedBatch, PackedEntry } from "./pack-files.ts";
import { planSegments, type Segment } from "./plan-segments.ts";
import { textOf } from "./raw-name.ts";
import { streamLarge } from "./stream-large.ts";
import { createTally, type Tally } from "./tally.ts";
import type { FoundEntry } from "./walk-tree.ts";
import { localHeader, type ZipRecord, zipLimits } from "./zip-layout.ts";
import { createZipWriter, type ZipWriter } from "./zip-writer.ts";

/** Raw bytes being packed or waiting for their turn; with it, all of a run's buffers stay below about 100 MB. */
const aheadBytes = 16 * 1024 * 1024;
/** Small parts are joined to pieces of this size before they go to the sink. */
const sinkBytes = 128 * 1024;

interface Writing {
  readonly tree: ResolvedTree;
  readonly crew: Crew;
  readonly zip: ZipWriter;
  readonly entries: CapsuleEntry[];
  readonly touchedAt: Instant[];
  readonly leftOut: CapsuleLeftOut[];
  readonly tally: Tally;
}

export interface WriteOptions extends CapsuleCheckOptions {
  readonly crew: Crew;
}

/**
 * Walks and writes one zip to `sink` and ends it; on any failure the sink is destroyed, also when not a byte was
 * written. Throws what walking throws, "capsule.empty" when no file could be read, and the sink's own error.
 */
export async function writeCapsule(
  source: CapsuleSource,
  sink: Writable,
  options: WriteOptions,
): Promise<CapsuleWritten> {
  const entries: CapsuleEntry[] = [];
  const touchedAt: Instant[] = [];
  const leftOut: CapsuleLeftOut[] = [];
  await pipeline(
    async function* () {
      const tree = await options.crew.ask("walk", source);
      leftOut.push(...tree.leftOut);
      const zip = createZipWriter(zipLimits);
      const tally = createTally(tree.found, options.onProgress);
      yield* joined(zipBytes({ tree, crew: options.crew, zip, entries, touchedAt, leftOut, tally }));
    },
    sink,
    { signal: options.signal },
  );
  const contentBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  return { entries, leftOut, contentBytes, touchedAt };
}

async function* zipBytes(writing: Writing): AsyncGenerator<Uint8Array> {
  const { tree, crew, zip } = writing;
  const segments = ahead<Segment<FoundEntry>, PackedBatch | null>(segmentsOf(tree), {
    start: (segment) =>
      segment.kind === "large"
        ? Promise.resolve(null) // read when its turn comes
        : crew.ask("pack", { root: tree.root, entries: segment.items }),
    weightOf: (segment) => segment.sizeBytes,
    maxWeight: aheadBytes,
    maxCount: crew.size * 4,
  });
  for await (const [segment, batch] of segments) {
    if (segment.kind === "large") yield* putLarge(writing, segment.item);
    else if (batch !== null) yield* putBatch(writing, segment.items, batch);
  }
  if (!writing.entries.some((entry) => entry.type !== "directory"))
    throw emptied({ root: tree.root, leftOut: writing.leftOut });
  yield* putEntryList(writing);
  yield* zip.finish();
}

function segmentsOf(tree: ResolvedTree): readonly Segment<FoundEntry>[] {
  return planSegments(tree.found, (entry) => entry.sizeBytes, wholeFileBytes);
}

async function* putBatch(
  writing: Writing,
  asked: readonly FoundEntry[],
  { outcomes, bytes }: PackedBatch,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  let at = 0;
  for (const [index, outcome] of outcomes.entries()) {
    const found = asked[index];
    if (found === undefined) break;
    if (outcome.kind === "large") {
      yield bytes.subarray(sent, at);
      sent = at;
      yield* putLarge(writing, found);
      continue;
    }
    if (outcome.kind === "left-out") {
      leaveOut(writing, found, outcome.reason);
    } else {
      at += outcome.recordBytes;
      put(writing, outcome, found);
    }
    writing.tally.bytes(found.sizeBytes);
    writing.tally.finished(textOf(found.raw));
  }
  yield bytes.subarray(sent);
}

async function* putLarge(writing: Writing, entry: FoundEntry): AsyncGenerator<Uint8Array> {
  const { tree, crew, tally } = writing;
  const streamed = yield* streamLarge({ root: tree.root, entry, crew, onRead: tally.bytes });
  if (streamed.kind === "left-out") {
    leaveOut(writing, entry, streamed.reason);
  } else {
    put(writing, { ...streamed, kind: "packed" }, entry);
    if (streamed.isCutShort) leaveOut(writing, entry, "unreadable");
  }
  tally.finished(textOf(entry.raw));
}

function put(writing: Writing, { record, recordBytes, sha256, state }: PackedEntry, found: FoundEntry): void {
  writing.zip.add(record, recordBytes);
  const { raw, sizeBytes, mode, modifiedMs } = record;
  writing.entries.push(describeEntry({ raw, kind: found.kind, sizeBytes, mode, modifiedMs, sha256, state }));
  // What was written to it after the walk shows in the time that it had when it was read.
  writing.touchedAt.push(nearestInstant(Math.max(found.touchedMs, modifiedMs)));
}

/** All reasons that come up between walking and reading are losses. */
function leaveOut(writing: Writing, found: FoundEntry, reason: CapsuleLeftOut["reason"]): void {
  writing.leftOut.push({ path: textOf(found.raw), reason, isLoss: true });
}

async function* putEntryList(writing: Writing): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  let crc = 0;
  const content = function* () {
    for (const piece of formatEntryList(writing.entries)) {
      sizeBytes += piece.length;
      crc = crc32(piece, crc);
      yield piece;
    }
    yield new Uint8Array(0);
  };
  const pieces = await Array.fromAsync(deflatePieces(writing.crew, content()));
  const topNames = new Set(writing.tree.found.map((entry) => entry.raw.split("/", 1)[0] ?? ""));
  const record: ZipRecord = {
    raw: chooseListName(topNames),
    method: 8,
    crc32: crc,
    compressedBytes: pieces.reduce((sum, piece) => sum + piece.length, 0),
    sizeBytes,
    mode: 0o100600,
    // Of the newest entry: the same tree gives the same bytes.
    modifiedMs: writing.tree.found.reduce((newest, entry) => Math.max(newest, entry.modifiedMs), 0),
    isStreamed: false,
  };
  const header = localHeader(record, zipLimits);
  yield header;
  yield* pieces;
  writing.zip.add(record, header.length + record.compressedBytes);
}

/** Joins small parts to pieces worth a system call; large ones pass as they are. */
async function* joined(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const part of parts) {
    held.push(part);
    heldBytes += part.length;
    if (heldBytes < sinkBytes) continue;
    if (held.length === 1) yield part;
    else yield Buffer.concat(held);
    held = [];
    heldBytes = 0;
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}

/** "capsule.empty": a capsule without a file would look like a backup; the hint tells unreadable from unselected. */
export function emptied({ root, leftOut }: Pick<ResolvedTree, "root" | "leftOut">): Failure {
  const losses = leftOut.filter((item) => item.isLoss).length;
  return new Failure("capsule.empty", `Cannot make a capsule of "${textOf(root)}": it would hold no file`, {
    hint:
      losses > 0
        ? `Look at what could not be read (${losses} paths), and give the user of the job the right to.`
        : "Check capsule.root and the include and exclude patterns.",
    context: { leftOut: leftOut.length, losses },
  });
}
