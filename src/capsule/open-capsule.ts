import { type FileHandle, open } from "node:fs/promises";
import type { CapsuleEntry } from "../domain/backups/manifest.ts";
import { messageOf } from "../domain/failure.ts";
import { parseInstant } from "../domain/instant.ts";
import { damagedEntry, unreadable } from "./capsule-damage.ts";
import { decodeSpan } from "./decode-entries.ts";
import { parseEntryList, rawNameOf } from "./entry-list.ts";
import { compareRaw, type RawName, textOf } from "./raw-name.ts";
import { readZip, type ZipRow } from "./read-zip.ts";
import { nameDanger } from "./safe-name.ts";

/** An entry by the list inside, with where it lies. */
export interface CapsuleItem {
  readonly raw: RawName;
  readonly entry: CapsuleEntry;
  readonly row: ZipRow;
}

export interface OpenCapsule {
  readonly path: string;
  readonly handle: FileHandle;
  readonly items: readonly CapsuleItem[];
}

/**
 * Opens a capsule and compares its headers with the entry list inside: the same entries in the same order, each with the
 * listed type, size, mode and time, under a name that is safe to extract. Content is not decoded yet. Whoever opens
 * closes the handle. Throws "capsule.unreadable", "capsule.mismatch", "capsule.unsafe-path".
 */
export async function openCapsule(path: string): Promise<OpenCapsule> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    throw unreadable(path, messageOf(error), error);
  }
  try {
    const { size } = await handle.stat();
    const rows = await readZip({ path, handle, sizeBytes: size });
    return { path, handle, items: pairUp(path, rows, readList(path, handle, rows)) };
  } catch (error) {
    await handle.close();
    throw unreadable(path, messageOf(error), error);
  }
}

function readList(path: string, handle: FileHandle, rows: readonly ZipRow[]): readonly CapsuleEntry[] {
  const last = rows.at(-1);
  if (last === undefined) throw unreadable(path, "it is empty");
  const content = decodeSpan(handle.fd, last);
  if (typeof content === "string") throw damagedEntry(path, textOf(last.raw), content);
  const entries = parseEntryList(content);
  if (entries === null) throw damagedEntry(path, textOf(last.raw), "it is no entry list");
  return entries;
}

function pairUp(
  path: string,
  rows: readonly ZipRow[],
  entries: readonly CapsuleEntry[],
): readonly CapsuleItem[] {
  if (rows.length - 1 !== entries.length) {
    throw unreadable(path, `it holds ${rows.length - 1} entries and lists ${entries.length}`);
  }
  const items: CapsuleItem[] = [];
  const barred = new Set<RawName>();
  for (const [index, entry] of entries.entries()) {
    const row = rows[index];
    const raw = rawNameOf(entry);
    const before = items.at(-1);
    const refuse = (seen: string) => damagedEntry(path, entry.path, seen);
    if (row === undefined || row.raw !== raw) throw refuse("the zip has another entry in its place");
    if (before !== undefined && compareRaw(before.raw, raw) >= 0)
      throw refuse("it is out of order, or there twice");
    const danger = nameDanger(raw, barred);
    if (danger !== null) throw danger(path);
    if (entry.type !== "directory") barred.add(raw);
    const difference = differenceOf(entry, row);
    if (difference !== null) throw refuse(difference);
    items.push({ raw, entry, row });
  }
  return items;
}

const typeBits = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;

function differenceOf(entry: CapsuleEntry, row: ZipRow): string | null {
  if ((entry.type === "directory") !== row.raw.endsWith("/")) return "its name does not fit its type";
  if (row.mode !== (typeBits[entry.type] | Number.parseInt(entry.mode, 8)))
    return "type or mode differ from the list";
  if (row.sizeBytes !== entry.sizeBytes) return `${row.sizeBytes} bytes, ${entry.sizeBytes} by the list`;
  const modifiedMs = parseInstant(entry.modifiedAt);
  const isTimeEqual =
    row.modifiedSeconds === null || row.modifiedSeconds === Math.floor((modifiedMs ?? 0) / 1000);
  return isTimeEqual ? null : "its time differs from the list";
}
