import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { crc32, createInflateRaw } from "node:zlib";
import type { EntrySpan } from "./decode-entries.ts";
import { readRange } from "./zip-window.ts";

const pieceBytes = 512 * 1024;

/** Yields an entry's content piece by piece; throws at the latest after the last one when size or CRC differ. */
export async function* decodeLarge(handle: FileHandle, span: EntrySpan): AsyncGenerator<Buffer> {
  let sizeBytes = 0;
  let crc = 0;
  for await (const piece of piecesOf(handle, span)) {
    sizeBytes += piece.length;
    if (sizeBytes > span.sizeBytes) throw new Error(`more than ${span.sizeBytes} bytes`);
    crc = crc32(piece, crc);
    yield piece;
  }
  if (sizeBytes !== span.sizeBytes) throw new Error(`${sizeBytes} bytes instead of ${span.sizeBytes}`);
  if (crc !== span.crc32) throw new Error("its CRC is another one");
}

async function* piecesOf(handle: FileHandle, span: EntrySpan): AsyncGenerator<Buffer> {
  const packed = readRange(handle, span.start, span.start + span.compressedBytes);
  if (span.method === 0) return yield* packed;
  const inflate = createInflateRaw({ chunkSize: pieceBytes });
  const pumped = pipeline(packed, inflate);
  pumped.catch(leaveToReader);
  yield* inflate;
  await pumped;
  const left = span.compressedBytes - inflate.bytesWritten;
  if (left !== 0) throw new Error(`${left} bytes are left over after its content`);
}

/** The reader of the inflated bytes gets the same error. */
function leaveToReader(): void {
  // Only keeps it from counting as unhandled meanwhile.
}

/** Decodes to the end and gives the hex sha256 of the content. `onPiece` hears of each piece's bytes. */
export async function hashLarge(
  handle: FileHandle,
  span: EntrySpan,
  onPiece: (bytes: number) => void,
): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of decodeLarge(handle, span)) {
    hash.update(piece);
    onPiece(piece.length);
  }
  return hash.digest("hex");
}
