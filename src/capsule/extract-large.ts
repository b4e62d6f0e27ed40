import { createHash } from "node:crypto";
import { createWriteStream, read } from "node:fs";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { messageOf } from "../domain/failure.ts";
import { damagedEntry } from "./capsule-damage.ts";
import { decodeLarge } from "./decode-large.ts";
import { demandHash, type ExtractItem, type ExtractionPlace, finishFile } from "./extract-tree.ts";
import type { OpenCapsule } from "./open-capsule.ts";
import { type PlacedFile, placeFile, systemFailure } from "./place-file.ts";
import { textOf } from "./raw-name.ts";

export interface ExtractingLarge {
  readonly capsule: OpenCapsule;
  readonly place: ExtractionPlace;
  readonly item: ExtractItem;
  onBytes(bytes: number): void;
}

const pieceBytes = 512 * 1024;
const readAt = promisify(read);

/** Streams one file into place and reads it back; what does not have the listed sha256 is removed again. */
export async function extractLarge(extracting: ExtractingLarge): Promise<void> {
  const { capsule, place, item } = extracting;
  const placed = placeFile(`${place.target}/${item.raw}`, place.overwrite);
  try {
    await writeTo(placed, extracting);
    demandHash(capsule.path, item, await hashStored(placed.descriptor));
    finishFile(placed.descriptor, item);
  } catch (error) {
    placed.discard();
    throw systemFailure(`write "${textOf(item.raw)}"`, error);
  }
  placed.settle();
}

async function writeTo(placed: PlacedFile, { capsule, item, onBytes }: ExtractingLarge): Promise<void> {
  const sink = createWriteStream("", { fd: placed.descriptor, autoClose: false });
  await pipeline(async function* () {
    const pieces = decodeLarge(capsule.handle, item.span);
    for (let next = await step(pieces); !next.done; next = await step(pieces)) {
      onBytes(next.value.length);
      yield next.value;
    }
  }, sink);

  async function step(pieces: AsyncGenerator<Buffer>) {
    return pieces.next().catch((error: unknown) => {
      throw damagedEntry(capsule.path, textOf(item.raw), messageOf(error));
    });
  }
}

async function hashStored(descriptor: number): Promise<string> {
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafeSlow(pieceBytes);
  for (let at = 0; ; ) {
    const { bytesRead } = await readAt(descriptor, piece, 0, pieceBytes, at);
    if (bytesRead === 0) return hash.digest("hex");
    hash.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
}
