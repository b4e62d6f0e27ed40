import { CopyDataScanner } from "./copy-data.ts";
import type { DumpEvent, DumpOpen } from "./dump-events.ts";
import { DumpSession, readCopyTarget } from "./dump-session.ts";
import { isSpaceByte, SqlScanner } from "./sql-scanner.ts";
import { unreadable } from "./unreadable.ts";

/** Longer statements come in parts. The longest COPY (1,600 columns, names of 63 doubled quotes) has 0.2 MiB. */
const heldLimitBytes = 1 << 20;
const ownCommand = /^\\(restrict|unrestrict) ([A-Za-z0-9]+)$/;

type Unit = "none" | "space" | "sql" | "meta" | "copy-line" | "copy";

/** Cuts a plain dump into events. See createDumpLexer. */
export interface DumpLexer {
  /**
   * The events that end in this chunk. Throws Failure "postgres.dump-unreadable" for text that pg_dump
   * cannot have written. The chunk must not change while its events are in use.
   */
  push(chunk: Buffer): readonly DumpEvent[];
  /** The events of what was held back, and what stood open. Called once, after the last push. */
  end(): { readonly events: readonly DumpEvent[]; readonly open: DumpOpen };
  /** What the dump's SET statements so far say of encoding, strings and schema. */
  readonly session: DumpSession;
}

/**
 * A streaming lexer for pg_dump's plain format (PROOF 3): as psql would read it, so that function bodies,
 * comments and rows that look like SQL stay what they are. Chunks may be cut anywhere.
 */
export function createDumpLexer(): DumpLexer {
  return new Lexer();
}

class Lexer implements DumpLexer {
  readonly session = new DumpSession();
  readonly #sql = new SqlScanner();
  readonly #copy = new CopyDataScanner();
  #unit: Unit = "none";
  #events: DumpEvent[] = [];
  /** Where the current unit begins in the current chunk; what came in earlier chunks is in #held. */
  #start = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Parts of the current statement or comment are out already. */
  #isSplit = false;
  /** A statement is open round the current meta-command. */
  #isInterrupted = false;

  push(chunk: Buffer): readonly DumpEvent[] {
    this.#events = [];
    this.#start = 0;
    let at = 0;
    while (at < chunk.length) at = this.#step(chunk, at);
    this.#hold(chunk.subarray(this.#start));
    return this.#events;
  }

  end(): { readonly events: readonly DumpEvent[]; readonly open: DumpOpen } {
    this.#events = [];
    const open = this.#open();
    const rest = this.#unit === "copy" ? this.#copy.held : Buffer.concat(this.#held);
    if (rest.length > 0) this.#emitRest(rest, open);
    return { events: this.#events, open };
  }

  #open(): DumpOpen {
    if (this.#unit === "sql")
      return this.#sql.isLineComment ? null : this.#sql.isComment ? "comment" : "statement";
    if (this.#isInterrupted) return "statement";
    if (this.#unit === "copy" || this.#unit === "copy-line") return "copy";
    return null;
  }

  #emitRest(bytes: Buffer, open: DumpOpen): void {
    if (this.#unit === "copy") this.#events.push({ kind: "copy-data", bytes });
    else if (this.#unit === "meta") this.#emitMeta(bytes);
    else if (open === "statement") this.#emitPart(bytes);
    else this.#events.push({ kind: "comment", bytes, isWhole: !this.#isSplit });
  }

  #step(chunk: Buffer, at: number): number {
    switch (this.#unit) {
      case "none":
        return this.#begin(chunk[at], at);
      case "space":
        return this.#space(chunk, at);
      case "sql":
        return this.#statement(chunk, at);
      case "meta":
        return this.#meta(chunk, at);
      case "copy-line":
        return this.#copyLine(chunk, at);
      case "copy":
        return this.#copyData(chunk, at);
    }
  }

  #begin(byte: number | undefined, at: number): number {
    this.#start = at;
    this.#unit = isSpaceByte(byte) ? "space" : byte === 92 ? "meta" : "sql";
    return at;
  }

  #space(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && isSpaceByte(chunk[at])) at++;
    this.#events.push({ kind: "space", bytes: chunk.subarray(from, at) });
    this.#start = at;
    this.#unit = "none";
    return at;
  }

  #statement(chunk: Buffer, from: number): number {
    const at = this.#sql.scan(chunk, from);
    if (this.#sql.stop === "backslash") this.#interrupt(chunk, at);
    else if (this.#sql.stop === "comment") this.#endComment(chunk, at);
    else if (this.#sql.stop === "semicolon") this.#endStatement(this.#take(chunk, at));
    return at;
  }

  /** psql obeys a backslash also in the middle of a statement. */
  #interrupt(chunk: Buffer, at: number): void {
    const before = this.#take(chunk, at);
    if (before.length > 0) this.#emitPart(before);
    this.#isInterrupted = true;
    this.#unit = "meta";
  }

  #endComment(chunk: Buffer, at: number): void {
    this.#events.push({ kind: "comment", bytes: this.#take(chunk, at), isWhole: !this.#isSplit });
    this.#finish("none");
  }

  #endStatement(bytes: Buffer): void {
    const { words } = this.#sql.shape;
    const isWhole = !this.#isSplit;
    if (this.#sql.shape.isCopyFromStdin) {
      const target = isWhole ? readCopyTarget(bytes, this.session) : null;
      if (target === null) throw unreadable("a COPY statement has an unknown form");
      this.#events.push({ kind: "copy-start", bytes, target });
      this.#finish("copy-line");
      return;
    }
    if (words[0] === "SET" && isWhole) this.session.set(bytes);
    this.#sql.standardStrings = this.session.standardStrings;
    this.#events.push({ kind: "statement", bytes, words, isWhole });
    this.#finish("none");
  }

  #finish(next: Unit): void {
    this.#sql.reset();
    this.#isSplit = false;
    this.#unit = next;
  }

  #meta(chunk: Buffer, from: number): number {
    const newline = chunk.indexOf(10, from);
    if (newline === -1) return chunk.length;
    this.#emitMeta(this.#take(chunk, newline));
    this.#unit = this.#isInterrupted ? "sql" : "none";
    this.#isInterrupted = false;
    return newline;
  }

  #emitMeta(bytes: Buffer): void {
    const own = ownCommand.exec(bytes.toString("latin1").trimEnd());
    const command = own?.[1] === "restrict" || own?.[1] === "unrestrict" ? own[1] : "foreign";
    this.#events.push({ kind: "meta", bytes, command, key: own?.[2] ?? null });
  }

  /** Data begins on the next line; pg_dump writes nothing after the semicolon. */
  #copyLine(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && isSpaceByte(chunk[at]) && chunk[at] !== 10) at++;
    if (at < chunk.length && chunk[at] !== 10) throw unreadable("text follows a COPY statement on its line");
    const end = Math.min(at + 1, chunk.length);
    this.#events.push({ kind: "space", bytes: chunk.subarray(from, end) });
    this.#start = end;
    if (at < chunk.length) {
      this.#copy.reset();
      this.#unit = "copy";
    }
    return end;
  }

  #copyData(chunk: Buffer, from: number): number {
    const { earlier, data, end, next } = this.#copy.scan(chunk, from);
    if (earlier.length > 0) this.#events.push({ kind: "copy-data", bytes: earlier });
    if (data.length > 0) this.#events.push({ kind: "copy-data", bytes: data });
    if (end !== null) {
      this.#events.push({ kind: "copy-end", bytes: end });
      this.#unit = "none";
    }
    this.#start = next;
    return next;
  }

  #take(chunk: Buffer, end: number): Buffer {
    const last = chunk.subarray(this.#start, end);
    const bytes = this.#held.length === 0 ? last : Buffer.concat([...this.#held, last]);
    this.#held = [];
    this.#heldBytes = 0;
    this.#start = end;
    return bytes;
  }

  /** Keeps a copy of an unfinished unit's bytes: the chunk's memory may be used again. */
  #hold(rest: Buffer): void {
    if (rest.length === 0) return;
    this.#held.push(Buffer.from(rest));
    this.#heldBytes += rest.length;
    if (this.#heldBytes <= heldLimitBytes) return;
    if (this.#unit === "meta") throw unreadable("a backslash command does not end");
    this.#start = rest.length;
    this.#emitPart(this.#take(rest, rest.length));
  }

  #emitPart(bytes: Buffer): void {
    this.#isSplit = true;
    if (this.#sql.isComment) this.#events.push({ kind: "comment", bytes, isWhole: false });
    else this.#events.push({ kind: "statement-part", bytes, words: this.#sql.shape.words });
  }
}
