import type { CapsuleEntry } from "../domain/backups/manifest.ts";
import { formatInstant, nearestInstant, parseInstant } from "../domain/instant.ts";
import { formatStableJson, parseJson } from "../domain/json.ts";
import { entryListName } from "./capsule.ts";
import { isUtf8Name, type RawName, rawOf, rawOfText, textOf } from "./raw-name.ts";

/** What is known of an entry once it is packed. */
export interface EntryFacts {
  readonly raw: RawName;
  readonly kind: CapsuleEntry["type"];
  readonly sizeBytes: number;
  readonly mode: number;
  readonly modifiedMs: number;
  readonly sha256: string | null;
  readonly state: CapsuleEntry["state"];
}

/** As the list tells it: the name as text, and as bytes too where it is none; the time to the millisecond. */
export function describeEntry(facts: EntryFacts): CapsuleEntry {
  const { raw } = facts;
  return {
    path: textOf(raw),
    ...(isUtf8Name(raw) ? {} : { pathBytes: Buffer.from(raw, "latin1").toString("base64") }),
    type: facts.kind,
    sizeBytes: facts.sizeBytes,
    modifiedAt: formatInstant(nearestInstant(facts.modifiedMs)),
    mode: (facts.mode & 0o7777).toString(8).padStart(4, "0"),
    sha256: facts.sha256,
    state: facts.state,
  };
}

/** The name's own bytes, which describeEntry may have had to write as text. */
export function rawNameOf(entry: CapsuleEntry): RawName {
  if (entry.pathBytes !== undefined) return rawOf(Buffer.from(entry.pathBytes, "base64"));
  return rawOfText(entry.path);
}

/** What formatStableJson makes of at least one entry, in pieces: the whole text of a large tree is never in memory. */
export function* formatEntryList(entries: readonly CapsuleEntry[]): Generator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  for (let from = 0; from < entries.length; from += pieceEntries) {
    const text = formatStableJson(entries.slice(from, from + pieceEntries));
    const inner = text.slice("[\n".length, -"\n]\n".length);
    const isLast = from + pieceEntries >= entries.length;
    yield encoder.encode(`${from === 0 ? "[\n" : ""}${inner}${isLast ? "\n]\n" : ",\n"}`);
  }
}

const pieceEntries = 2000;

/**
 * The name of the entry list in a capsule with these names at its top: "codex-capsule.json", or with -1, -2, … before
 * the dot when the tree itself holds that name. A reader takes the last entry of the zip, whose name must be one of these.
 */
export function chooseListName(topNames: ReadonlySet<RawName>): string {
  const [stem, suffix] = entryListName.split(/(?=\.json$)/);
  for (let number = 0; ; number += 1) {
    const name = number === 0 ? entryListName : `${stem}-${number}${suffix}`;
    if (!topNames.has(name)) return name;
  }
}

/** Whether a zip's last entry of this name can be its list. */
export function isListName(raw: RawName): boolean {
  return /^codex-capsule(-[1-9][0-9]*)?\.json$/.test(raw);
}

/** Null when the bytes are no entry list. Nothing in it is trusted beyond its shape. */
export function parseEntryList(bytes: Buffer): readonly CapsuleEntry[] | null {
  const parsed = parseJson(bytes.toString("utf8"));
  return Array.isArray(parsed) && parsed.every(isEntry) ? parsed : null;
}

function isEntry(value: unknown): value is CapsuleEntry {
  if (typeof value !== "object" || value === null) return false;
  const fields: { readonly [Key in keyof CapsuleEntry]?: unknown } = value;
  return (
    typeof fields.path === "string" &&
    (fields.pathBytes === undefined || typeof fields.pathBytes === "string") &&
    isOneOf(fields.type, ["file", "directory", "symlink"]) &&
    Number.isSafeInteger(fields.sizeBytes) &&
    typeof fields.modifiedAt === "string" &&
    parseInstant(fields.modifiedAt) !== null &&
    typeof fields.mode === "string" &&
    /^[0-7]{4}$/.test(fields.mode) &&
    isHashFor(fields.type, fields.sha256) &&
    isOneOf(fields.state, ["stable", "grown", "changed"])
  );
}

function isHashFor(type: unknown, sha256: unknown): boolean {
  if (type === "directory") return sha256 === null;
  return typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256);
}

function isOneOf(value: unknown, allowed: readonly string[]): boolean {
  return typeof value === "string" && allowed.includes(value);
}
