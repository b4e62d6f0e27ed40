import type { FileHandle } from "node:fs/promises";
import { messageOf } from "../domain/failure.ts";
import { ahead } from "./ahead.ts";
import type { CapsuleCheckOptions } from "./capsule.ts";
import type { Crew } from "./crew.ts";
import { wholeFileBytes } from "./crew-work.ts";
import type { DecodedEntry, EntrySpan } from "./decode-entries.ts";
import { hashLarge } from "./decode-large.ts";
import { planSegments, type Segment } from "./plan-segments.ts";
import { createTally, type Tally } from "./tally.ts";

/** An entry whose content is to be decoded. */
export interface Hashable {
  readonly path: string;
  readonly span: EntrySpan;
}

export interface HashOptions extends CapsuleCheckOptions {
  readonly crew: Crew;
}

/** Decodes every entry to its end, several at once; yields each with its hash or its damage, in order. */
export async function* hashEntries<Item extends Hashable>(
  handle: FileHandle,
  items: readonly Item[],
  { crew, signal, onProgress }: HashOptions,
): AsyncGenerator<readonly [Item, DecodedEntry]> {
  const sizes = items.map(({ span }) => span);
  const tally = createTally(sizes, onProgress);
  const segments = ahead(
    planSegments(items, ({ span }) => decodeBytes(span), wholeFileBytes),
    {
      start: (segment) => hashSegment(handle, segment, { crew, tally }),
      weightOf: () => 1,
      maxWeight: crew.size * 2,
      maxCount: crew.size * 2,
    },
  );
  for await (const [segment, outcomes] of segments) {
    signal.throwIfAborted();
    const hashed = segment.kind === "large" ? [segment.item] : segment.items;
    for (const [index, item] of hashed.entries()) yield [item, outcomes[index] ?? notDecoded];
  }
}

const notDecoded: DecodedEntry = { kind: "damaged", seen: "it was not decoded" };

/** What decoding an entry takes in memory. */
export function decodeBytes({ sizeBytes, compressedBytes }: EntrySpan): number {
  return Math.max(sizeBytes, compressedBytes);
}

interface Hashing {
  readonly crew: Crew;
  readonly tally: Tally;
}

async function hashSegment<Item extends Hashable>(
  handle: FileHandle,
  segment: Segment<Item>,
  { crew, tally }: Hashing,
): Promise<readonly DecodedEntry[]> {
  if (segment.kind === "large") {
    const { span, path } = segment.item;
    const outcome = await hashLarge(handle, span, tally.bytes).then(
      (sha256): DecodedEntry => ({ kind: "good", sha256 }),
      (error): DecodedEntry => ({ kind: "damaged", seen: messageOf(error) }),
    );
    tally.finished(path);
    return [outcome];
  }
  const spans = segment.items.map(({ span }) => span);
  const outcomes = await crew.ask("decode", { descriptor: handle.fd, spans });
  for (const { span, path } of segment.items) {
    tally.bytes(span.sizeBytes);
    tally.finished(path);
  }
  return outcomes;
}
