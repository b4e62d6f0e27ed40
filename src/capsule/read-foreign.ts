import { type FileHandle, open } from "node:fs/promises";
import type { Entry, ZipFile } from "yauzl";
import { messageOf } from "../domain/failure.ts";
import type { CapsuleEntry } from "../domain/manifest.ts";
import { unreadable } from "./capsule-damage.ts";
import { describeEntry } from "./entry-list.ts";
import { type Hashable, type HashOptions, hashEntries } from "./hash-entries.ts";
import { type RawName, rawOf, textOf } from "./raw-name.ts";
import { openZip, rowOf } from "./read-zip.ts";

interface ForeignEntry extends Hashable {
  readonly raw: RawName;
  readonly mode: number;
  readonly modifiedMs: number;
}

/**
 * Decodes every entry of a zip that another program made and compares its CRC; there is no list to compare with, so
 * the hashes are those of now. Names are not judged. Throws "capsule.unreadable", naming the entry.
 */
export async function readForeign(path: string, options: HashOptions): Promise<readonly CapsuleEntry[]> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(path, "r");
    const { size } = await handle.stat();
    const items = await listEntries(await openZip({ path, handle, sizeBytes: size }));
    const entries: CapsuleEntry[] = [];
    for await (const [item, outcome] of hashEntries(handle, items, options)) {
      if (outcome.kind === "damaged") throw unreadable(path, `"${item.path}": ${outcome.seen}`);
      entries.push(describe(item, outcome.sha256));
    }
    return entries;
  } catch (error) {
    throw unreadable(path, messageOf(error), error);
  } finally {
    await handle?.close();
  }
}

async function listEntries(zip: ZipFile): Promise<readonly ForeignEntry[]> {
  const items: ForeignEntry[] = [];
  for await (const entry of zip.eachEntry()) {
    const raw = rawOf(entry.fileNameRaw);
    if (!entry.canDecodeFileData()) throw new Error(`"${textOf(raw)}" is encrypted or not deflated`);
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    const row = rowOf(entry, raw, fileDataStart);
    items.push({ path: textOf(raw), span: row, raw, mode: modeOf(entry, raw), modifiedMs: timeOf(entry) });
  }
  return items;
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

function describe({ raw, span, mode, modifiedMs }: ForeignEntry, sha256: string): CapsuleEntry {
  const isLink = (mode & 0o170000) === 0o120000;
  const kind = raw.endsWith("/") ? "directory" : isLink ? "symlink" : "file";
  const { sizeBytes } = span;
  return describeEntry({
    raw,
    kind,
    sizeBytes,
    mode,
    modifiedMs,
    sha256: kind === "directory" ? null : sha256,
    state: "stable",
  });
}
