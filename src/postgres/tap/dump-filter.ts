import { Failure } from "../../domain/failure.ts";
import type { DumpEvent, DumpOpen } from "./dump-events.ts";
import { createDumpLexer } from "./dump-lexer.ts";
import { withBeginQuoted } from "./quote-begin.ts";
import { roleOf, type StatementRole } from "./statement-kind.ts";
import { Trailer } from "./trailer.ts";

/** Sends a plain dump on without some of its statements. */
export interface DumpFilter {
  /**
   * The bytes that are to be sent for this chunk, in order; they may be views of it. Throws Failure
   * "postgres.restore-refused" for a backslash command (F141) before any byte of it was returned, and
   * "postgres.dump-unreadable" as the lexer does.
   */
  push(chunk: Buffer): readonly Buffer[];
  /** What was held back, and whether the dump was whole to its trailer. Called once, after the last push. */
  end(): DumpEnd;
}

export interface DumpEnd {
  readonly bytes: readonly Buffer[];
  readonly isComplete: boolean;
  readonly open: DumpOpen;
  /** What the dump said that its bytes are. */
  readonly encoding: string;
}

/**
 * `keeps` decides on each event, and is asked of each once. A long statement comes in parts that are decided one by
 * one, so it must look at `words` only. `rewrite` gives what is sent in the place of one.
 */
export function createDumpFilter(
  keeps: (event: DumpEvent) => boolean,
  rewrite: (event: DumpEvent) => DumpEvent = (event) => event,
): DumpFilter {
  const lexer = createDumpLexer();
  const trailer = new Trailer();
  const guard = new CommandGuard();
  const filter = (events: readonly DumpEvent[]): readonly Buffer[] => {
    for (const event of events) {
      guard.check(event);
      trailer.add(event);
    }
    return events.filter(keeps).map((event) => withBeginQuoted(rewrite(event)));
  };
  return {
    push: (chunk) => filter(lexer.push(chunk)),
    end() {
      const { events, open } = lexer.end();
      return {
        bytes: filter(events),
        isComplete: trailer.isComplete(open),
        open,
        encoding: lexer.session.encoding,
      };
    },
  };
}

/** Every kind of statement that no restore sends, and why. There is nothing else. */
const leftOut: ReadonlyMap<StatementRole, string> = new Map([
  [
    "transaction",
    "the BEGIN and COMMIT that pg_dump puts round large objects would end our own transaction (PROOF 4.4)",
  ],
  [
    "subscription",
    "it would dial the publisher, and dropping it would drop the publisher's slot (PROOF 4.3)",
  ],
]);

/** The same for a restore without a transaction round all of it: there, large objects need theirs. */
export function isRestorableAlone(event: DumpEvent): boolean {
  const isStatement = event.kind === "statement" || event.kind === "statement-part";
  return isRestorable(event) || (isStatement && roleOf(event.words) === "transaction");
}

/** False for what a restore inside one transaction leaves out. */
export function isRestorable(event: DumpEvent): boolean {
  if (event.kind !== "statement" && event.kind !== "statement-part") return true;
  return !leftOut.has(roleOf(event.words));
}

/** Settings that a newer pg_dump writes at the top of every dump, and the major since which servers know them. */
const settingsSince: ReadonlyMap<string, number> = new Map([["TRANSACTION_TIMEOUT", 17]]);

/**
 * Whether a server of that major takes it. What is left out sets a limit to none, which is what a server without that
 * setting has; with it, no dump of a newer pg_dump could be restored into the server that it was taken from.
 */
export function isKnownTo(event: DumpEvent, major: number): boolean {
  if (event.kind !== "statement" || event.words[0] !== "SET") return true;
  return major >= (settingsSince.get(event.words[1] ?? "") ?? 0);
}

/** Lets through only pg_dump's own pair: `\restrict` before everything, `\unrestrict` after everything. */
class CommandGuard {
  #key: string | null = null;
  #state: "start" | "inside" | "ended" = "start";

  check(event: DumpEvent): void {
    if (event.kind === "space" || event.kind === "comment") return;
    if (event.kind === "meta") {
      this.#command(event);
      return;
    }
    if (this.#state === "ended") throw refused("statements follow its \\unrestrict");
    this.#state = "inside";
  }

  #command(event: Extract<DumpEvent, { readonly kind: "meta" }>): void {
    if (event.command === "restrict" && this.#state === "start") {
      this.#key = event.key;
      this.#state = "inside";
    } else if (event.command === "unrestrict" && this.#key !== null && event.key === this.#key) {
      this.#state = "ended";
    } else throw refused(`it holds the psql command "${event.bytes.toString("latin1", 0, 80).trimEnd()}"`);
  }
}

function refused(seen: string): Failure {
  return new Failure("postgres.restore-refused", `Cannot restore the dump: ${seen}`, {
    hint: "Read that part of the dump: such commands can run programs on this machine, and pg_dump writes none.",
  });
}
