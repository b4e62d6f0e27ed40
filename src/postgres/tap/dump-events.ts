import type { CopyTarget } from "./dump-session.ts";

/**
 * A piece of a plain dump. Every byte of the dump is in exactly one event: the `bytes` of all events, joined
 * in order, are the dump. They may be views of the chunk that was pushed last.
 */
export type DumpEvent =
  | { readonly kind: "space"; readonly bytes: Buffer }
  | {
      /** A comment between statements. Those inside belong to their statement. */
      readonly kind: "comment";
      readonly bytes: Buffer;
      /** False for the parts of a very long one. */
      readonly isWhole: boolean;
    }
  | {
      /** The beginning or middle of a long statement; "statement" with the rest follows. */
      readonly kind: "statement-part";
      readonly bytes: Buffer;
      readonly words: readonly string[];
    }
  | {
      readonly kind: "statement";
      readonly bytes: Buffer;
      /** Its first unquoted words, at most eight, upper case. */
      readonly words: readonly string[];
      /** False when parts came before. */
      readonly isWhole: boolean;
    }
  /** A `COPY … FROM stdin;`, without the rest of its line, which comes as "space". */
  | { readonly kind: "copy-start"; readonly bytes: Buffer; readonly target: CopyTarget }
  | { readonly kind: "copy-data"; readonly bytes: Buffer }
  /** The line `\.`. */
  | { readonly kind: "copy-end"; readonly bytes: Buffer }
  | {
      /**
       * A command to psql itself, to the end of its line. `restrict` and `unrestrict` only in the exact form
       * that pg_dump writes; "foreign" is everything else, and can run programs on the restoring machine.
       */
      readonly kind: "meta";
      readonly bytes: Buffer;
      readonly command: "restrict" | "unrestrict" | "foreign";
      readonly key: string | null;
    };

/** What stood open when the dump ended: a cut dump nearly always leaves something. */
export type DumpOpen = "statement" | "comment" | "copy" | "meta" | null;
