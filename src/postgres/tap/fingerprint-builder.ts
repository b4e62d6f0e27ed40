import { createHash } from "node:crypto";
import type { Fingerprint, SequenceFingerprint } from "../../domain/backups/fingerprint.ts";
import { readLargeObjectBytes, readLargeObjectOid, readSetval } from "./data-statements.ts";
import type { DumpEvent } from "./dump-events.ts";
import type { DumpSession } from "./dump-session.ts";
import { EntryTally } from "./entry-tally.ts";
import { LargeObjectTally } from "./large-object-tally.ts";
import { isData, kindOf, roleOf } from "./statement-kind.ts";
import { bySchemaAndName, TableTally } from "./table-tally.ts";
import { unreadable } from "./unreadable.ts";

/** Stands before the COPY of a partition whose rows are loaded through its root. */
const viaRoot = "-- load via partition root ";

type Statement = Extract<DumpEvent, { readonly kind: "statement" | "statement-part" }>;

/**
 * Adds up the events of one dump.
 *
 * The normal form behind schemaSha256: each statement whose role is "schema", with its inner comments and
 * white space as they are, followed by one newline, in the dump's order. So not: comments and white space
 * between statements, COPY statements and data, setval, large-object data with its BEGIN and COMMIT,
 * backslash commands, subscriptions, statistics. Counted in `objects`: the same statements, and subscriptions.
 */
export class FingerprintBuilder {
  readonly #session: DumpSession;
  readonly #schema = createHash("sha256");
  readonly #objects = new Map<string, number>();
  readonly #tables = new TableTally();
  readonly #sequences: SequenceFingerprint[] = [];
  readonly #largeObjects = new LargeObjectTally();
  readonly #entries: EntryTally;
  #isViaRoot = false;

  constructor(session: DumpSession) {
    this.#session = session;
    this.#entries = new EntryTally(session);
  }

  /** Throws Failure "postgres.dump-unreadable" where data is not in pg_dump's form. */
  add(event: DumpEvent): void {
    switch (event.kind) {
      case "copy-start":
        this.#tables.open(event.target, this.#isViaRoot);
        this.#isViaRoot = false;
        break;
      case "copy-data":
        this.#tables.add(event.bytes);
        break;
      case "copy-end":
        this.#tables.close();
        break;
      case "statement":
      case "statement-part":
        this.#statement(event);
        break;
      case "comment":
        if (event.isWhole) this.#comment(event.bytes);
        break;
      case "space":
      case "meta":
        break;
    }
  }

  /** What was seen; of a dump that broke off, the unfinished block too. */
  finish(): Fingerprint {
    return {
      tables: this.#tables.finish(),
      sequences: this.#sequences.toSorted(bySchemaAndName),
      largeObjects: this.#largeObjects.finish(),
      schemaSha256: this.#schema.digest("hex"),
      entries: this.#entries.finish(),
      objects: Object.fromEntries([...this.#objects].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    };
  }

  #comment(bytes: Buffer): void {
    this.#isViaRoot ||= bytes.toString("latin1", 0, viaRoot.length) === viaRoot;
    this.#entries.comment(bytes);
  }

  #statement(event: Statement): void {
    const role = roleOf(event.words);
    if (role === "schema") this.#hash(event);
    if (event.kind === "statement" && role === "subscription") this.#count(event.words);
    if (!isData(role)) return;
    if (event.kind !== "statement" || !event.isWhole) throw unreadable("a statement with data is too long");
    if (role === "large-object-open") this.#largeObjects.open(readLargeObjectOid(event.bytes, this.#session));
    else if (role === "large-object-write") this.#largeObjects.add(readLargeObjectBytes(event.bytes));
    else if (role === "large-object-close") this.#largeObjects.close();
    else this.#setval(event);
  }

  #setval(event: Statement): void {
    const sequence = readSetval(event.bytes, this.#session);
    if (sequence === null) this.#hash(event);
    else this.#sequences.push(sequence);
  }

  #hash(event: Statement): void {
    this.#schema.update(event.bytes);
    this.#entries.add(event);
    if (event.kind === "statement-part") return;
    this.#schema.update("\n");
    this.#count(event.words);
  }

  #count(words: readonly string[]): void {
    const kind = kindOf(words);
    this.#objects.set(kind, (this.#objects.get(kind) ?? 0) + 1);
  }
}
