import { createCipheriv, createDecipheriv } from "node:crypto";
import { Transform } from "node:stream";
import { Failure } from "../domain/failure.ts";

const algorithm = "chacha20-poly1305";
/** Plain bytes of a piece, as the age format has it. */
const plainBytes = 64 * 1024;
const tagBytes = 16;
const storedBytes = plainBytes + tagBytes;
const streamOptions = { readableHighWaterMark: 1024 * 1024, writableHighWaterMark: 1024 * 1024 } as const;

/** The payload of an age file out of plain bytes. Only the last piece may be short; it is empty where all of it is. */
export function createPieceEncryptor(key: Uint8Array): Transform {
  const cut = createCutter(plainBytes);
  const encrypt = (piece: Buffer, index: number, isLast: boolean) => {
    const cipher = createCipheriv(algorithm, key, nonceOf(index, isLast), { authTagLength: tagBytes });
    return [cipher.update(piece), cipher.final(), cipher.getAuthTag()];
  };
  return new Transform({
    ...streamOptions,
    transform(chunk: Buffer, _encoding, done) {
      const { first, pieces } = cut.take(chunk);
      const out = pieces.flatMap((piece, index) => encrypt(piece, first + index, false));
      done(null, out.length === 0 ? undefined : Buffer.concat(out));
    },
    flush(done) {
      const { index, piece } = cut.rest();
      done(null, Buffer.concat(encrypt(piece, index, true)));
    },
  });
}

/**
 * Plain bytes out of the payload of an age file; nothing of a piece is passed on before all of it was found
 * unchanged. Fails with "encryption.damaged" at a piece that was changed, moved or left out, at a missing end, and at
 * bytes behind it.
 */
export function createPieceDecryptor(key: Uint8Array, name: string): Transform {
  const cut = createCutter(storedBytes);
  const decrypt = (piece: Buffer, index: number, isLast: boolean) =>
    decryptPiece(piece, { key, nonce: nonceOf(index, isLast) }) ?? damaged(name, index, isLast);
  return new Transform({
    ...streamOptions,
    transform(chunk: Buffer, _encoding, done) {
      const { first, pieces } = cut.take(chunk);
      const out: Buffer[] = [];
      for (const [index, piece] of pieces.entries()) {
        const plain = decrypt(piece, first + index, false);
        if (plain instanceof Failure) return done(plain);
        out.push(plain);
      }
      done(null, out.length === 0 ? undefined : Buffer.concat(out));
    },
    flush(done) {
      const { index, piece } = cut.rest();
      const plain = decrypt(piece, index, true);
      if (plain instanceof Failure) return done(plain);
      // An empty last piece after others: nobody who writes this format makes one, so that each content has one form.
      if (plain.length === 0 && index > 0) return done(damaged(name, index, true));
      done(null, plain);
    },
  });
}

/** Null when these are not the bytes that were written at this place. */
function decryptPiece(
  piece: Buffer,
  { key, nonce }: { readonly key: Uint8Array; readonly nonce: Buffer },
): Buffer | null {
  if (piece.length < tagBytes) return null;
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  const plain = decipher.update(piece.subarray(0, -tagBytes));
  decipher.setAuthTag(piece.subarray(-tagBytes));
  try {
    decipher.final();
    return plain;
  } catch (error) {
    if (error instanceof Error) return null; // the only reason for final() to throw is another tag
    throw error;
  }
}

/** Eleven bytes count the pieces, the twelfth marks the last one: so neither order nor end can be changed. */
function nonceOf(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7); // 2^32 pieces are 256 TiB; beyond that this throws
  nonce.writeUInt8(isLast ? 1 : 0, 11);
  return nonce;
}

function damaged(name: string, index: number, isLast: boolean): Failure {
  const where = isLast ? "its end is missing or was changed" : `piece ${index + 1} of 64 KiB was changed`;
  return new Failure("encryption.damaged", `Cannot decrypt "${name}": ${where}`, {
    hint: 'Use another copy; "codex-backup verify" tells which copies are good.',
  });
}

interface Cutter {
  /** Whole pieces that are surely not the last; `first` is the number of the first of them. */
  take(chunk: Buffer): { readonly first: number; readonly pieces: readonly Buffer[] };
  /** At the end: the last piece, and its number. */
  rest(): { readonly index: number; readonly piece: Buffer };
}

/** Cuts a stream into pieces. A full one is kept back until more comes: it might be the last. */
function createCutter(size: number): Cutter {
  let kept: Buffer = Buffer.alloc(0);
  let count = 0;
  return {
    take(chunk) {
      const all = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
      const whole = Math.max(0, Math.ceil(all.length / size) - 1);
      const pieces = Array.from({ length: whole }, (_, index) =>
        all.subarray(index * size, (index + 1) * size),
      );
      kept = all.subarray(whole * size);
      const first = count;
      count += whole;
      return { first, pieces };
    },
    rest: () => ({ index: count, piece: kept }),
  };
}
