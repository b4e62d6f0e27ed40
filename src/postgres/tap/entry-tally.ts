import { hash } from "node:crypto";
import type { ObjectFingerprint } from "../../domain/backups/fingerprint.ts";
import type { DumpEvent } from "./dump-events.ts";
import type { DumpSession } from "./dump-session.ts";
import { type EntryHeader, mayBeEntryHeader, readEntryHeader } from "./entry-header.ts";
import { normalStatement } from "./normal-statement.ts";
import { ShortHash } from "./short-hash.ts";

type Statement = Extract<DumpEvent, { readonly kind: "statement" | "statement-part" }>;
type ObjectKey = Pick<ObjectFingerprint, "type" | "schema" | "name">;

/** For what stands before the first object: encoding, search_path, row_security. */
const sessionKey: ObjectKey = { type: "SESSION", schema: "", name: "" };
const hexDigits = 16;
const newline = Buffer.from("\n");

/** Hashes the schema statements of a dump by the objects that they stand under. */
export class EntryTally {
  readonly #session: DumpSession;
  readonly #hashes = new Map<string, string[]>();
  #header: EntryHeader | null = null;
  /** Of the object being read. */
  readonly #hash = new ShortHash();
  /** The object being read has had a statement. */
  #isOpen = false;
  #accessMethod = "";

  constructor(session: DumpSession) {
    this.#session = session;
  }

  /** A whole comment between statements; most say nothing of objects. */
  comment(bytes: Buffer): void {
    if (!mayBeEntryHeader(bytes)) return;
    const header = readEntryHeader(this.#session.decode(bytes));
    if (header === null) return;
    this.#close();
    this.#header = header;
  }

  /** A statement of role "schema", or its next part. */
  add(event: Statement): void {
    if (this.#isSetting(event)) return;
    if (!this.#isOpen) this.#begin();
    const isWhole = event.kind === "statement" && event.isWhole;
    this.#hash.update(isWhole ? normalStatement(event.bytes, event.words) : event.bytes);
    if (event.kind === "statement") this.#hash.update(newline);
  }

  /** Sorted by type, schema, name (by code unit). */
  finish(): readonly ObjectFingerprint[] {
    this.#close();
    return [...this.#hashes]
      .map(([key, hashes]) => ({ ...parseKey(key), sha256: combined(hashes) }))
      .toSorted((a, b) => compare(a.type, b.type) || compare(a.schema, b.schema) || compare(a.name, b.name));
  }

  /** pg_dump writes these where they change, so that they stand under whatever object came before. */
  #isSetting({ words, bytes }: Statement): boolean {
    const [first, second] = words;
    if (first !== "SET") return false;
    if (second === "DEFAULT_TABLE_ACCESS_METHOD") {
      this.#accessMethod = this.#session.tokens(bytes).find((_, at) => at === 3)?.text ?? "";
      return true;
    }
    return second === "DEFAULT_TABLESPACE";
  }

  /** With what the object takes from the settings. */
  #begin(): void {
    this.#isOpen = true;
    const { type = "", tablespace = "" } = this.#header ?? {};
    if (tablespace !== "") this.#hash.update(Buffer.from(`tablespace ${tablespace}\n`));
    const hasMethod = type === "TABLE" || type === "MATERIALIZED VIEW";
    if (hasMethod && !["", "heap"].includes(this.#accessMethod)) {
      this.#hash.update(Buffer.from(`using ${this.#accessMethod}\n`));
    }
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const key = formatKey(this.#header ?? sessionKey);
    const digest = this.#hash.digest().slice(0, hexDigits);
    const same = this.#hashes.get(key);
    if (same) same.push(digest);
    else this.#hashes.set(key, [digest]);
  }
}

/** Large objects share one key: their contents are told one by one elsewhere, and there can be millions. */
function formatKey({ type, schema, name }: ObjectKey): string {
  return JSON.stringify([type, schema, type.startsWith("BLOB") ? "" : name]);
}

function parseKey(key: string): ObjectKey {
  const [type, schema, name] = JSON.parse(key) as [string, string, string]; // written by formatKey
  return { type, schema, name };
}

/** Several objects of one name: their order in the dump means nothing. */
function combined(hashes: readonly string[]): string {
  const [first = "", ...others] = hashes;
  if (others.length === 0) return first;
  return hash("sha256", hashes.toSorted(compare).join("\n"), "hex").slice(0, hexDigits);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
