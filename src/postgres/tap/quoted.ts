/** What encloses bytes that are not SQL code. "bit" is B'…' and X'…', whose quotes cannot be doubled. */
export type QuoteKind =
  | "string"
  | "escape"
  | "bit"
  | "identifier"
  | "dollar"
  | "line-comment"
  | "block-comment";

const nothing = Buffer.alloc(0);
const code = {
  newline: 10,
  return: 13,
  doubleQuote: 34,
  quote: 39,
  star: 42,
  slash: 47,
  backslash: 92,
} as const;

/**
 * Skips quoted text and comments, chunk by chunk. A doubled quote simply ends one string and opens the next;
 * who opens must open the same kind again. Bytes from 0x80 need no care: in every encoding that a server
 * can have (and pg_dump writes) they never hide an ASCII byte.
 */
export class Quoted {
  #kind: QuoteKind | null = null;
  #delimiter: Buffer = nothing;
  /** Dollar quotes: the last bytes seen, in which the delimiter may have begun. */
  #carry: Buffer = nothing;
  #depth = 0;
  /** The byte before, where it can make a pair with the next one; else 0. */
  #half = 0;

  get kind(): QuoteKind | null {
    return this.#kind;
  }

  /** `delimiter` is `$tag$` for "dollar", and unused otherwise. */
  open(kind: QuoteKind, delimiter: Buffer = nothing): void {
    this.#kind = kind;
    this.#delimiter = delimiter;
    this.#carry = nothing;
    this.#depth = 0;
    this.#half = 0;
  }

  /** Reads on from `from`; returns the position after the closing delimiter (kind is then null) or the chunk's end. */
  scan(chunk: Buffer, from: number): number {
    switch (this.#kind) {
      case "string":
      case "bit":
        return this.#until(chunk, from, code.quote);
      case "identifier":
        return this.#until(chunk, from, code.doubleQuote);
      case "escape":
        return this.#escape(chunk, from);
      case "dollar":
        return this.#dollar(chunk, from);
      case "line-comment":
        return this.#lineComment(chunk, from);
      case "block-comment":
        return this.#blockComment(chunk, from);
      case null:
        return from;
    }
  }

  #close(at: number): number {
    this.#kind = null;
    return at;
  }

  #until(chunk: Buffer, from: number, byte: number): number {
    const at = chunk.indexOf(byte, from);
    return at === -1 ? chunk.length : this.#close(at + 1);
  }

  #escape(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      if (this.#half === code.backslash) this.#half = 0;
      else if (chunk[at] === code.backslash) this.#half = code.backslash;
      else if (chunk[at] === code.quote) return this.#close(at + 1);
    }
    return chunk.length;
  }

  #dollar(chunk: Buffer, from: number): number {
    const delimiter = this.#delimiter;
    if (this.#carry.length > 0) {
      const seam = Buffer.concat([this.#carry, chunk.subarray(from, from + delimiter.length - 1)]);
      const at = seam.indexOf(delimiter);
      if (at !== -1) return this.#close(from + at + delimiter.length - this.#carry.length);
    }
    const at = chunk.indexOf(delimiter, from);
    if (at !== -1) return this.#close(at + delimiter.length);
    const tail = chunk.subarray(Math.max(from, chunk.length - delimiter.length + 1));
    const kept = Buffer.concat([this.#carry, tail]);
    this.#carry = kept.subarray(Math.max(0, kept.length - delimiter.length + 1));
    return chunk.length;
  }

  /** Ends before the newline, which PostgreSQL reads as white space. A lone return ends it too. */
  #lineComment(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      if (chunk[at] === code.newline || chunk[at] === code.return) return this.#close(at);
    }
    return chunk.length;
  }

  #blockComment(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#half === code.star && byte === code.slash) {
        if (this.#depth === 0) return this.#close(at + 1);
        this.#depth--;
        this.#half = 0;
      } else if (this.#half === code.slash && byte === code.star) {
        this.#depth++;
        this.#half = 0;
      } else this.#half = byte ?? 0;
    }
    return chunk.length;
  }
}
