import { Quoted, type QuoteKind } from "./quoted.ts";
import { StatementShape } from "./statement-shape.ts";
import { unreadable } from "./unreadable.ts";

/**
 * Why a scan stopped. "comment": all that was read is one comment, and it has ended. "backslash": outside of
 * quotes, so a command of psql's own begins there. Null: the chunk is at its end.
 */
export type ScanStop = "semicolon" | "backslash" | "comment" | null;

const tagLimit = 1 << 16;
/** Longer words are no keywords; their rest is not kept. */
const wordLimit = 64;

const isSpace = tableOf((byte) => byte === 32 || (byte >= 9 && byte <= 13));
const startsWord = tableOf((byte) => byte >= 128 || /[A-Za-z_]/.test(String.fromCharCode(byte)));
const continuesTag = tableOf((byte) => startsWord[byte] === 1 || (byte >= 48 && byte <= 57));
const continuesWord = tableOf((byte) => continuesTag[byte] === 1 || byte === 36);

function tableOf(isMember: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (isMember(byte) ? 1 : 0));
}

/** PostgreSQL's white space. */
export function isSpaceByte(byte: number | undefined): boolean {
  return byte !== undefined && isSpace[byte] === 1;
}

function opensComment(first: number, second: number): boolean {
  return (first === 45 && second === 45) || (first === 47 && second === 42); // -- or /*
}

/**
 * Finds where SQL statements end, by the rules of psql's own lexer (psqlscan.l), from chunks cut anywhere.
 * Starts at the first byte of a statement or comment.
 */
export class SqlScanner {
  readonly shape = new StatementShape();
  /** Off: backslashes escape in plain strings too. Follows the dump's own SET. */
  standardStrings = true;
  readonly #quoted = new Quoted();
  #stop: ScanStop = null;
  #state: "code" | "word" | "tag" = "code";
  /** The word or dollar tag being read. */
  #text = "";
  /** The word that ends directly before the next byte, if any: the E of E'…'. */
  #prefix = "";
  /** The byte directly before, where it can make a pair with the next one; else 0. */
  #half = 0;
  /** Bytes of code so far, at most 3: a comment that opens at the second one is the first thing here. */
  #codeBytes = 0;
  #isComment = false;
  /** The kind of the string that ended last, while only white space has followed. */
  #endedString: QuoteKind | null = null;
  #gap: "none" | "blank" | "newline" = "none";

  get stop(): ScanStop {
    return this.#stop;
  }

  /** True while everything read so far is one comment. */
  get isComment(): boolean {
    return this.#isComment;
  }

  /** True inside a comment that the end of the stream would end as well. */
  get isLineComment(): boolean {
    return this.#isComment && this.#quoted.kind === "line-comment";
  }

  /** Forgets the statement that has ended. */
  reset(): void {
    this.shape.reset();
    this.#codeBytes = 0;
    this.#isComment = false;
    this.#half = 0;
    this.#prefix = "";
    this.#endedString = null;
  }

  /** Reads from `from` to a stop (see `stop`) or the chunk's end; returns the position after what was read. */
  scan(chunk: Buffer, from: number): number {
    this.#stop = null;
    let at = from;
    while (at < chunk.length && this.#stop === null) {
      if (this.#quoted.kind !== null) at = this.#scanQuoted(chunk, at, this.#quoted.kind);
      else if (this.#state === "word") at = this.#scanWord(chunk, at);
      else if (this.#state === "tag") at = this.#scanTag(chunk, at);
      else at += this.#scanCode(chunk[at] ?? 0);
    }
    return at;
  }

  #scanQuoted(chunk: Buffer, from: number, kind: QuoteKind): number {
    const at = this.#quoted.scan(chunk, from);
    if (this.#quoted.kind !== null) return at;
    if (kind === "string" || kind === "escape" || kind === "bit") {
      this.#endedString = kind;
      this.#gap = "none";
    } else if (this.#isComment) this.#stop = "comment";
    return at;
  }

  #scanWord(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && continuesWord[chunk[at] ?? 0] === 1) at++;
    if (this.#text.length < wordLimit) this.#text += chunk.toString("latin1", from, at);
    if (at < chunk.length) this.#endWord();
    return at;
  }

  #endWord(): void {
    this.shape.word(this.#text);
    this.#prefix = this.#text;
    this.#state = "code";
  }

  /** After a `$` that is no part of a word. What turns out to be no tag is read again as code. */
  #scanTag(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && this.#continuesTag(chunk[at] ?? 0, at > from)) at++;
    this.#text += chunk.toString("latin1", from, at);
    if (this.#text.length > tagLimit) throw unreadable("a dollar quote's tag does not end");
    if (at === chunk.length) return at;
    if (chunk[at] === 36) {
      this.#state = "code";
      this.#quoted.open("dollar", Buffer.from(`$${this.#text}$`, "latin1"));
      return at + 1;
    }
    if (this.#text === "") this.#state = "code";
    else this.#endWord();
    return at;
  }

  #continuesTag(byte: number, isLater: boolean): boolean {
    return (isLater || this.#text !== "" ? continuesTag : startsWord)[byte] === 1;
  }

  /** One byte outside of quotes and words; returns how many were taken, 0 or 1. */
  #scanCode(byte: number): 0 | 1 {
    if (this.#codeBytes < 3) this.#codeBytes++;
    const prefix = this.#prefix;
    this.#prefix = "";
    const half = this.#half;
    this.#half = 0;
    if (half !== 0 && !opensComment(half, byte)) this.#operator();
    if (byte === 92) {
      this.#stop = "backslash";
      return 0;
    }
    if (isSpace[byte] === 1) this.#space(byte);
    else if (startsWord[byte] === 1) return this.#beginWord();
    else if (byte === 39) this.#openString(prefix.toUpperCase());
    else this.#symbol(byte, half, prefix);
    return 1;
  }

  #space(byte: number): void {
    if (byte === 10 || byte === 13) this.#gap = "newline";
    else if (this.#gap === "none") this.#gap = "blank";
  }

  #beginWord(): 0 {
    this.#endedString = null;
    this.#state = "word";
    this.#text = "";
    return 0;
  }

  /** Directly after a string it doubles the quote; after a newline the string is continued, in its own kind. */
  #openString(prefix: string): void {
    const ended = this.#endedString;
    const isSame = this.#gap === "newline" || (this.#gap === "none" && ended !== "bit");
    this.shape.symbol();
    if (ended !== null && isSame) this.#quoted.open(ended);
    else if (prefix === "E") this.#quoted.open("escape");
    else if (prefix === "B" || prefix === "X") this.#quoted.open("bit");
    else this.#quoted.open(this.standardStrings || prefix === "U&" ? "string" : "escape");
    this.#endedString = null;
  }

  #symbol(byte: number, half: number, prefix: string): void {
    if (opensComment(half, byte)) this.#openComment(byte === 45 ? "line-comment" : "block-comment");
    else if (byte === 45 || byte === 47)
      this.#half = byte; // what it is shows with the next byte
    else this.#token(byte, prefix);
  }

  #token(byte: number, prefix: string): void {
    this.#operator();
    if (byte === 40) this.shape.openParenthesis();
    else if (byte === 41) this.shape.closeParenthesis();
    if (byte === 34) this.#quoted.open("identifier");
    else if (byte === 36) this.#beginTag();
    else if (byte === 38 && prefix.toUpperCase() === "U") this.#prefix = "U&";
    else if (byte === 59 && !this.shape.isSemicolonInside) this.#stop = "semicolon";
  }

  #operator(): void {
    this.#endedString = null;
    this.shape.symbol();
  }

  #beginTag(): void {
    this.#state = "tag";
    this.#text = "";
  }

  #openComment(kind: "line-comment" | "block-comment"): void {
    this.#isComment = this.#codeBytes === 2;
    this.#quoted.open(kind);
    if (this.#gap === "none") this.#gap = "blank";
    if (kind === "block-comment") this.#endedString = null;
  }
}
