import { constants, deflateRawSync } from "node:zlib";

/** Best size for its time on logs and JSON; measured against 5, 6 and 9 (docs/performance.md). */
const deflateLevel = 7;
const sampleBytes = 8 * 1024;
/** Below this, trying costs less than guessing. */
const sampledFromBytes = 128 * 1024;

export interface Piece {
  readonly content: Uint8Array;
  /** The 32 KiB before it, so that pieces deflated apart are as small as one stream; null at the start. */
  readonly dictionary: Uint8Array | null;
  /** False: ends on a byte boundary so that the next piece can follow. */
  readonly isLast: boolean;
}

/** One piece of a raw deflate stream; pieces deflated apart and put one after the other are one stream. */
export function deflatePiece({ content, dictionary, isLast }: Piece): Buffer {
  return deflateRawSync(content, {
    level: isHopeless(content) ? 0 : deflateLevel,
    memLevel: 9,
    windowBits: windowBitsFor(content.length + (dictionary?.length ?? 0)),
    // One output buffer: a little more than incompressible content needs.
    chunkSize: content.length + (content.length >> 10) + 1024,
    finishFlush: isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    ...(dictionary === null ? {} : { dictionary }),
  });
}

/** A window no larger than the content saves setting up memory for each small file. */
function windowBitsFor(bytes: number): number {
  return Math.min(15, Math.max(9, 32 - Math.clz32(bytes)));
}

/** Four samples that do not shrink: media, archives, ciphertext. Deflating them costs time and gains nothing. */
function isHopeless(content: Uint8Array): boolean {
  if (content.length < sampledFromBytes) return false;
  return [0, 1, 2, 3].every((quarter) => {
    const start = Math.floor((quarter * (content.length - sampleBytes)) / 3);
    const sample = content.subarray(start, start + sampleBytes);
    return deflateRawSync(sample, { level: 1 }).length > sampleBytes * 0.98;
  });
}
