import { Failure } from "../../domain/failure.ts";
import type { CutEntry } from "./cut-entry.ts";
import { keyOf, nameAfter, type Reference, referencesIn } from "./cut-references.ts";
import { readSetval } from "./data-statements.ts";
import type { DumpEvent } from "./dump-events.ts";
import type { DumpSession } from "./dump-session.ts";
import { EntryCounter } from "./entry-counter.ts";
import { type EntryHeader, readEntryHeader } from "./entry-header.ts";

type Statement = Extract<DumpEvent, { readonly kind: "statement" | "statement-part" }>;

interface OpenEntry {
  readonly header: EntryHeader;
  readonly references: Reference[];
  readonly needs: string[];
  target: string | null;
  indexName: string | null;
  settings: readonly number[];
  isCreated: boolean | null;
}

/** INSERT statements of a dump without COPY: what they are about stands at their beginning. */
const scannedBytesOfData = 4096;
const routines = new Set(["FUNCTION", "PROCEDURE"]);
const withAccessMethod = new Set(["TABLE", "MATERIALIZED VIEW"]);
const withTablespace = new Set(["INDEX", "CONSTRAINT"]);

/** Gathers what each object of a dump is and needs. The first of two readings. */
export class CutSurvey {
  readonly #session: DumpSession;
  readonly #counter = new EntryCounter();
  readonly #entries: CutEntry[] = [];
  #open: OpenEntry | null = null;
  /** The numbers of the settings in force, and the access method. */
  #tablespace = 0;
  #accessMethod = { setting: 0, name: "heap" };

  constructor(session: DumpSession) {
    this.#session = session;
  }

  /** Throws "postgres.restore-refused" for a dump that cannot be taken apart. */
  add(event: DumpEvent): void {
    const found = this.#counter.count(event);
    if (found === "header") this.#begin(event.bytes);
    else if (event.kind === "copy-start") this.#data(keyOf(event.target.schema, event.target.name));
    else if (event.kind === "statement" || event.kind === "statement-part") {
      if (found === "setting") this.#setting(event);
      else this.#statement(event);
    }
  }

  finish(): readonly CutEntry[] {
    this.#close();
    return this.#entries;
  }

  #begin(comment: Buffer): void {
    this.#close();
    const header = readEntryHeader(this.#session.decode(comment));
    if (header === null) throw refused("a comment that should name an object has another form");
    const { setting, name } = this.#accessMethod;
    const usesMethod = withAccessMethod.has(header.type);
    const settings = usesMethod ? [this.#tablespace, setting] : [];
    this.#open = {
      header,
      references: [],
      needs: usesMethod ? [`ACCESS METHOD ${name}`] : [],
      target: null,
      indexName: null,
      settings: withTablespace.has(header.type) ? [this.#tablespace] : settings,
      isCreated: null,
    };
  }

  #setting({ words, bytes }: Statement): void {
    const setting = this.#counter.settings;
    if (words[1] === "DEFAULT_TABLESPACE") this.#tablespace = setting;
    else this.#accessMethod = { setting, name: this.#session.tokens(bytes)[3]?.text ?? "heap" };
  }

  #data(target: string): void {
    if (this.#open === null) throw refused("rows stand before the first comment that names an object");
    this.#open.target = target;
  }

  #statement(event: Statement): void {
    if (event.words[0] === "SET" && event.words[1] === "SEARCH_PATH") {
      throw refused("it is of a pg_dump from before 2018, which names objects without their schemas");
    }
    const open = this.#open;
    if (open === null) {
      if (["CREATE", "ALTER", "INSERT"].includes(event.words[0] ?? "")) {
        throw refused("objects stand before the first comment that names one");
      }
      return;
    }
    const { type } = open.header;
    if (type === "TABLE DATA" && open.references.length > 0) return;
    const bytes = type === "TABLE DATA" ? event.bytes.subarray(0, scannedBytesOfData) : event.bytes;
    const text = this.#session.decode(bytes);
    if (type === "SEQUENCE SET") this.#setval(open, event);
    open.references.push(...referencesIn(text, routines.has(type)));
    if (open.isCreated !== null) return;
    open.isCreated = event.words[0] === "CREATE";
    open.needs.push(...needsOf(type, text));
    if (type === "INDEX") open.indexName = nameAfter(text, "^CREATE (?:UNIQUE )?INDEX");
    else if (type === "CONSTRAINT") open.indexName = nameAfter(text, " ADD CONSTRAINT");
  }

  #setval(open: OpenEntry, event: Statement): void {
    const sequence = readSetval(event.bytes, this.#session);
    if (sequence !== null) open.target = keyOf(sequence.schema, sequence.name);
  }

  #close(): void {
    if (this.#open === null) return;
    const { header, isCreated, ...rest } = this.#open;
    const { type, schema, name } = header;
    const ordinal = this.#entries.length + 1;
    this.#entries.push({ ...rest, ordinal, type, schema, name, isCreated: isCreated === true });
    this.#open = null;
  }
}

/** Objects without a schema. */
function needsOf(type: string, text: string): readonly string[] {
  const named = (kind: string, lead: string) => {
    const name = nameAfter(text, lead);
    return name === null ? [] : [`${kind} ${name}`];
  };
  if (type === "FOREIGN TABLE") return named("SERVER", "\\nSERVER");
  if (type === "SERVER") return named("FOREIGN DATA WRAPPER", " FOREIGN DATA WRAPPER");
  if (routines.has(type)) return named("LANGUAGE", "\\bLANGUAGE");
  return type === "EXTENSION" ? named("SCHEMA", " WITH SCHEMA") : [];
}

function refused(seen: string): Failure {
  return new Failure("postgres.restore-refused", `Cannot restore a part of the dump: ${seen}`, {
    hint: "Restore all of it into a new database, and take what you need from there.",
  });
}
