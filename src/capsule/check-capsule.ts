import { messageOf } from "../domain/failure.ts";
import type { CapsuleEntry } from "../domain/manifest.ts";
import { ahead } from "./ahead.ts";
import type { CapsuleCheckOptions } from "./capsule.ts";
import { damagedEntry } from "./capsule-damage.ts";
import type { Crew } from "./crew.ts";
import { wholeFileBytes } from "./crew-work.ts";
import type { DecodedEntry } from "./decode-entries.ts";
import { hashLarge } from "./decode-large.ts";
import { type CapsuleItem, type OpenCapsule, openCapsule } from "./open-capsule.ts";
import { planSegments, type Segment } from "./plan-segments.ts";
import { createTally, type Tally } from "./tally.ts";

export interface CheckOptions extends CapsuleCheckOptions {
  readonly crew: Crew;
}

/**
 * Headers and list first (open-capsule), then every entry is decoded to its end and its sha256 compared with the list.
 * Throws "capsule.unreadable", "capsule.mismatch", "capsule.unsafe-path".
 */
export async function checkCapsule(path: string, options: CheckOptions): Promise<readonly CapsuleEntry[]> {
  const capsule = await openCapsule(path);
  try {
    const tally = createTally(
      capsule.items.map(({ entry }) => entry),
      options.onProgress,
    );
    const segments = planSegments(capsule.items, decodeBytes, wholeFileBytes);
    for await (const [segment, hashes] of ahead(segments, {
      start: (segment) => hashSegment(capsule, segment, { crew: options.crew, tally }),
      weightOf: () => 1,
      maxWeight: options.crew.size * 2,
      maxCount: options.crew.size * 2,
    })) {
      options.signal.throwIfAborted();
      const items = segment.kind === "large" ? [segment.item] : segment.items;
      for (const [index, item] of items.entries()) compare(capsule, item, hashes[index]);
    }
    return capsule.items.map(({ entry }) => entry);
  } finally {
    await capsule.handle.close();
  }
}

/** What decoding an entry takes in memory. */
export function decodeBytes({ row }: CapsuleItem): number {
  return Math.max(row.sizeBytes, row.compressedBytes);
}

interface Hashing {
  readonly crew: Crew;
  readonly tally: Tally;
}

async function hashSegment(
  capsule: OpenCapsule,
  segment: Segment<CapsuleItem>,
  { crew, tally }: Hashing,
): Promise<readonly DecodedEntry[]> {
  if (segment.kind === "large") {
    const { row, entry } = segment.item;
    const outcome = await hashLarge(capsule.handle, row, tally.bytes).then(
      (sha256): DecodedEntry => ({ kind: "good", sha256 }),
      (error): DecodedEntry => ({ kind: "damaged", seen: messageOf(error) }),
    );
    tally.finished(entry.path);
    return [outcome];
  }
  const spans = segment.items.map(({ row: { start, compressedBytes, sizeBytes, method, crc32 } }) => ({
    start,
    compressedBytes,
    sizeBytes,
    method,
    crc32,
  }));
  const outcomes = await crew.ask("decode", { descriptor: capsule.handle.fd, spans });
  for (const { entry } of segment.items) {
    tally.bytes(entry.sizeBytes);
    tally.finished(entry.path);
  }
  return outcomes;
}

function compare(capsule: OpenCapsule, { entry }: CapsuleItem, outcome: DecodedEntry | undefined): void {
  if (outcome === undefined) throw damagedEntry(capsule.path, entry.path, "it was not decoded");
  if (outcome.kind === "damaged") throw damagedEntry(capsule.path, entry.path, outcome.seen);
  if (entry.sha256 !== null && outcome.sha256 !== entry.sha256) {
    throw damagedEntry(
      capsule.path,
      entry.path,
      `its sha256 is ${outcome.sha256}, ${entry.sha256} by the list`,
    );
  }
}
