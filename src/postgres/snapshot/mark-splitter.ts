/** A piece of the stream, or the place where one block of data ended. */
export type Piece = { readonly kind: "data"; readonly data: Buffer } | { readonly kind: "mark" };

/**
 * Cuts a stream at the lines that consist of `mark` (random, so that no data line can be one). Data is passed
 * on as it comes, except for the few bytes that could be the beginning of a mark.
 */
export function createMarkSplitter(mark: string): {
  push(chunk: Buffer): readonly Piece[];
  /** What was held back; after a whole stream there is nothing. */
  rest(): Buffer;
} {
  const line = Buffer.from(`${mark}\n`);
  let held: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      const pieces: Piece[] = [];
      let bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      for (let at = bytes.indexOf(line); at !== -1; at = bytes.indexOf(line)) {
        if (at > 0) pieces.push({ kind: "data", data: bytes.subarray(0, at) });
        pieces.push({ kind: "mark" });
        bytes = bytes.subarray(at + line.length);
      }
      const keep = Math.min(bytes.length, line.length - 1);
      if (bytes.length > keep) pieces.push({ kind: "data", data: bytes.subarray(0, bytes.length - keep) });
      held = Buffer.from(bytes.subarray(bytes.length - keep));
      return pieces;
    },
    rest: () => held,
  };
}
