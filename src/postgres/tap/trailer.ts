import type { DumpEvent, DumpOpen } from "./dump-events.ts";

const trailer = Buffer.from("-- PostgreSQL database dump complete");

/**
 * Whether a dump came whole. pg_dump ends with the comment "dump complete" and a blank line; since August 2025
 * a line `\unrestrict KEY` follows, with the key of the `\restrict` at the start, and another blank line.
 * Asked for to the last byte, so that a dump cut anywhere is not complete. Only a comment between
 * statements counts: the same line in a function body, a string or a row is no comment there.
 */
export class Trailer {
  #isSeen = false;
  #key: string | null = null;
  #isUnrestricted = false;
  /** Newlines at the very end so far. */
  #newlines = 0;

  add(event: DumpEvent): void {
    if (event.kind === "space") this.#space(event.bytes);
    else this.#visible(event);
  }

  #visible(event: DumpEvent): void {
    this.#newlines = 0;
    if (event.kind === "comment") this.#isSeen ||= event.isWhole && event.bytes.equals(trailer);
    else if (event.kind === "meta" && event.command === "unrestrict" && this.#isSeen) {
      this.#isUnrestricted = event.key === this.#key;
    } else {
      if (event.kind === "meta" && event.command === "restrict") this.#key ??= event.key;
      this.#isSeen = false;
    }
  }

  isComplete(open: DumpOpen): boolean {
    const isUnrestricted = this.#key === null || this.#isUnrestricted;
    return this.#isSeen && isUnrestricted && this.#newlines >= 2 && open === null;
  }

  #space(bytes: Buffer): void {
    for (const byte of bytes) if (byte === 10) this.#newlines++;
  }
}
