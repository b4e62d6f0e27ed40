import { type FileHandle, open } from "node:fs/promises";
import type { Entry, ZipFile } from "yauzl";
import { Failure, messageOf } from "../domain/failure.ts";
import { unreadable } from "./capsule-damage.ts";
import { isListName } from "./entry-list.ts";
import { type RawName, rawOf, textOf } from "./raw-name.ts";
import { openZip, rowOf, type ZipRow } from "./read-zip.ts";
import { nameDanger } from "./safe-name.ts";

export type ForeignKind = "file" | "directory" | "symlink";

/** An entry of another program's zip, by its central directory. */
export interface ForeignEntry {
  /** For messages. */
  readonly path: string;
  /** As the zip has it. */
  readonly raw: RawName;
  readonly kind: ForeignKind;
  /** With a mode also where the zip has none. */
  readonly span: ZipRow;
  readonly modifiedMs: number;
}

export interface ForeignZip {
  readonly path: string;
  readonly handle: FileHandle;
  readonly entries: readonly ForeignEntry[];
}

/** Reads the headers only. Whoever opens closes the handle. Throws "capsule.unreadable". */
export async function openForeign(path: string): Promise<ForeignZip> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(path, "r");
    const { size } = await handle.stat();
    const entries = await listEntries(await openZip({ path, handle, sizeBytes: size }));
    return { path, handle, entries };
  } catch (error) {
    await handle?.close();
    throw unreadable(path, messageOf(error), error);
  }
}

async function listEntries(zip: ZipFile): Promise<readonly ForeignEntry[]> {
  const entries: ForeignEntry[] = [];
  for await (const entry of zip.eachEntry()) {
    const raw = rawOf(entry.fileNameRaw);
    if (!entry.canDecodeFileData()) throw new Error(`"${textOf(raw)}" is encrypted or not deflated`);
    const { fileDataStart, fileName } = await zip.readLocalFileHeaderPromise(entry, {});
    if (!entry.fileNameRaw.equals(fileName))
      throw new Error(`"${textOf(raw)}" has another name in its header`);
    const mode = modeOf(entry, raw);
    const kind = raw.endsWith("/") ? "directory" : (mode & 0o170000) === 0o120000 ? "symlink" : "file";
    const span = { ...rowOf(entry, raw, fileDataStart), mode };
    entries.push({ path: textOf(raw), raw, kind, span, modifiedMs: timeOf(entry) });
  }
  return entries;
}

/** As recorded where the zip was made on Unix; else the usual one. */
function modeOf(entry: Entry, raw: RawName): number {
  const recorded = entry.externalFileAttributes >>> 16;
  if (entry.versionMadeBy >> 8 === 3 && recorded !== 0) return recorded;
  return raw.endsWith("/") ? 0o040755 : 0o100644;
}

/** DOS times have no zone and are read as UTC. */
function timeOf(entry: Entry): number {
  const modifiedMs = entry.getLastModDate({ timezone: "UTC" }).getTime();
  return Number.isNaN(modifiedMs) ? 0 : modifiedMs;
}

/** An entry with the name that it gets below the target. */
export interface NamedEntry {
  readonly raw: RawName;
  readonly entry: ForeignEntry;
}

/** The longest target of a link on Linux. */
const maxLinkBytes = 4096;

/**
 * The entries under the names to extract them by, in order. "./a" and "a//b" are "a" and "a/b": other programs write
 * such names. Throws "capsule.unsafe-path" for any that would lead elsewhere or that two entries claim.
 */
export function nameSafely({ path, entries }: ForeignZip): readonly NamedEntry[] {
  const named = entries
    .map((entry) => ({ raw: simplified(entry.raw), entry }))
    .filter(({ raw }) => raw !== "")
    .sort((a, b) => (a.raw < b.raw ? -1 : 1));
  const files = new Set(named.filter(({ raw }) => !raw.endsWith("/")).map(({ raw }) => raw));
  let before: RawName | null = null;
  for (const { raw, entry } of named) {
    const danger = nameDanger(raw, files);
    if (danger !== null) throw danger(path);
    if (raw === before) throw unsafe(path, entry, "it is in the zip twice");
    if (entry.kind === "symlink" && entry.span.sizeBytes > maxLinkBytes)
      throw unsafe(path, entry, "it is a link with a target of more than 4096 bytes");
    before = raw;
  }
  demandApart(path, entries);
  return named;
}

function simplified(raw: RawName): RawName {
  const names = raw.split("/");
  const rest = names.filter((name) => name !== "." && name !== "");
  const isFolder = names.at(-1) === "" || names.at(-1) === ".";
  if (rest.length === 0) return raw.startsWith("/") ? raw : "";
  return `${raw.startsWith("/") ? "/" : ""}${rest.join("/")}${isFolder ? "/" : ""}`;
}

/** Entries that share their bytes are how a small zip unfolds without end. */
function demandApart(path: string, entries: readonly ForeignEntry[]): void {
  let end = 0;
  for (const entry of [...entries].sort((a, b) => a.span.offset - b.span.offset)) {
    if (entry.span.offset < end) throw unsafe(path, entry, "it shares its bytes with another entry");
    end = entry.span.start + entry.span.compressedBytes;
  }
}

function unsafe(path: string, entry: ForeignEntry, seen: string): Failure {
  return new Failure("capsule.unsafe-path", `Cannot extract "${entry.path}" from "${path}": ${seen}`, {
    hint: "Look at the zip with unzip -l, and do not trust it.",
    context: { path, entry: entry.path },
  });
}

/** Whether a zip is a capsule of ours, by its last entry; of another's, the names are judged too. */
export async function originOf(path: string): Promise<"capsule" | "foreign"> {
  const zip = await openForeign(path);
  try {
    if (isListName(zip.entries.at(-1)?.raw ?? "")) return "capsule";
    nameSafely(zip);
    return "foreign";
  } finally {
    await zip.handle.close();
  }
}
