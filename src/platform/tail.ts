/** Keeps the last bytes of a stream, for messages. */
export interface Tail {
  push(chunk: Buffer): void;
  /** What is kept, decoded as UTF-8; starts at a line when the head was dropped. */
  text(): string;
}

/** Keeps the last bytes of a stream that may be endless, never more than the limit. */
export function createTail(limitBytes: number): Tail {
  let kept: Buffer = Buffer.alloc(0);
  let dropped = false;
  return {
    push(chunk) {
      kept = Buffer.concat([kept, chunk]);
      if (kept.length > limitBytes) {
        kept = Buffer.from(kept.subarray(kept.length - limitBytes));
        dropped = true;
      }
    },
    text() {
      const text = kept.toString("utf8");
      return dropped ? text.slice(text.indexOf("\n") + 1) : text;
    },
  };
}
