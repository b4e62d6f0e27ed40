import { createHash } from "node:crypto";

/** So long is each block but the last. */
export const blockBytes = 8 * 1024 * 1024;

/** A stretch of a file, as it was written. */
export interface Block {
  readonly start: number;
  readonly length: number;
  /** Hex. */
  readonly sha256: string;
}

/** What a file is made of, block by block: to compare single stretches of it with what a storage returns. */
export interface BlockHashes {
  update(chunk: Buffer): void;
  /** After the last chunk; of an empty file none. May be called again. */
  end(): readonly Block[];
}

/** Keeps no bytes, only hashes. */
export function createBlockHashes(): BlockHashes {
  const blocks: Block[] = [];
  let hash = createHash("sha256");
  let start = 0;
  let length = 0;

  function close(): void {
    if (length === 0) return;
    blocks.push({ start, length, sha256: hash.digest("hex") });
    start += length;
    length = 0;
    hash = createHash("sha256");
  }

  return {
    update(chunk) {
      for (let taken = 0; taken < chunk.length; ) {
        const piece = chunk.subarray(taken, taken + blockBytes - length);
        hash.update(piece);
        taken += piece.length;
        length += piece.length;
        if (length === blockBytes) close();
      }
    },
    end() {
      close();
      return blocks;
    },
  };
}
