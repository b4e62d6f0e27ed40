const opening = Buffer.from("\n\\.");
/** The terminator from the newline before it. Position in it = how much is matched; 1: at a line's start. */
const atLineStart = 1;
const nothing = Buffer.alloc(0);
const byte = { newline: 10, return: 13, dot: 46, backslash: 92 } as const;

/** What one chunk holds of COPY data. */
export interface CopyStep {
  /** Bytes held back from the chunks before that turned out to be data. */
  readonly earlier: Buffer;
  /** The data of this chunk. */
  readonly data: Buffer;
  /** The line `\.` with its newline; null while the data goes on. */
  readonly end: Buffer | null;
  /** Where the chunk is to be read further. */
  readonly next: number;
}

/**
 * Finds the line `\.` that ends COPY data. Nothing else in it means anything, and COPY writes no other
 * backslash-dot at the start of a line. The search is one native indexOf; lines are never looked at.
 */
export class CopyDataScanner {
  /** What the end of the bytes so far matches of newline, `\`, `.`, return. */
  #matched = atLineStart;
  #isEnded = false;

  /** Begins new data, at the start of its first line. */
  reset(): void {
    this.#matched = atLineStart;
    this.#isEnded = false;
  }

  /** The bytes held back: what may be the terminator's beginning. */
  get held(): Buffer {
    return this.#matched > 1 ? Buffer.from("\\.\r".slice(0, this.#matched - 1)) : nothing;
  }

  /** Reads from `from` to the end of the data or of the chunk. */
  scan(chunk: Buffer, from: number): CopyStep {
    const before = this.held;
    let at = from;
    while (at < chunk.length && !this.#isEnded) at = this.#step(chunk, at);
    const end = this.#isEnded ? Buffer.concat([this.held, chunk.subarray(at - 1, at)]) : null;
    const dataEnd = at - (end ?? this.held).length;
    if (dataEnd < from) return { earlier: nothing, data: nothing, end, next: at };
    return { earlier: before, data: chunk.subarray(from, dataEnd), end, next: at };
  }

  #step(chunk: Buffer, at: number): number {
    if (this.#matched > 0) return this.#match(chunk[at] ?? 0, at);
    const hit = chunk.indexOf(opening, at);
    this.#matched = hit === -1 ? matchedAtEnd(chunk, at) : 3;
    return hit === -1 ? chunk.length : hit + 3;
  }

  #match(next: number, at: number): number {
    const matched = this.#matched;
    if (matched >= 3 && next === byte.newline) this.#isEnded = true;
    else if (
      (matched === 1 && next === byte.backslash) ||
      (matched === 2 && next === byte.dot) ||
      (matched === 3 && next === byte.return)
    ) {
      this.#matched++;
    } else this.#matched = next === byte.newline ? atLineStart : 0;
    return at + 1;
  }
}

/** No whole opening stands in the chunk from `from` on; one may begin at its end. */
function matchedAtEnd(chunk: Buffer, from: number): number {
  const last = chunk.length - 1;
  if (chunk[last] === byte.newline) return 1;
  return last > from && chunk[last] === byte.backslash && chunk[last - 1] === byte.newline ? 2 : 0;
}
