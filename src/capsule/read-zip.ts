import type { FileHandle } from "node:fs/promises";
import {
  type Entry,
  type ExtraField,
  fromRandomAccessReader,
  type LocalFileHeader,
  parseExtraFields,
  type ZipFile,
} from "yauzl";
import { type Failure, messageOf } from "../domain/failure.ts";
import { damagedEntry, unreadable } from "./capsule-damage.ts";
import type { EntrySpan } from "./decode-entries.ts";
import { type EndRecord, readEndRecord } from "./end-record.ts";
import { isListName } from "./entry-list.ts";
import { type RawName, rawOf, textOf } from "./raw-name.ts";
import { ZipWindow } from "./zip-window.ts";

/** One entry, as its two headers agree on it. */
export interface ZipRow extends EntrySpan {
  readonly raw: RawName;
  /** All of st_mode, from the external attributes. */
  readonly mode: number;
  /** Seconds since the epoch by the UT field; null when it has none. */
  readonly modifiedSeconds: number | null;
  readonly offset: number;
}

export interface ZipAsFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly sizeBytes: number;
}

/**
 * Reads all headers of a zip with yauzl, in order, and demands that they account for every byte: local headers equal
 * to the central ones, entries side by side from the first byte to the central directory, that up to the end records.
 * Throws "capsule.unreadable" where there is no zip to be read, "capsule.mismatch" where one part belies another.
 */
export async function readZip(file: ZipAsFile): Promise<readonly ZipRow[]> {
  const end = await readEndRecord(file.handle, file.sizeBytes);
  if (typeof end === "string") throw unreadable(file.path, end);
  try {
    return await readRows(await openZip(file), file, end);
  } catch (error) {
    throw unreadable(file.path, messageOf(error), error);
  }
}

/** The caller closes the handle. */
export function openZip({ handle, sizeBytes }: ZipAsFile): Promise<ZipFile> {
  const options = { lazyEntries: true, decodeStrings: false, autoClose: false };
  return new Promise((resolve, reject) => {
    fromRandomAccessReader(new ZipWindow(handle), sizeBytes, options, (error, zip) => {
      if (error) reject(error);
      else resolve(zip);
    });
  });
}

async function readRows(zip: ZipFile, file: ZipAsFile, end: EndRecord): Promise<readonly ZipRow[]> {
  const rows: ZipRow[] = [];
  let expectedStart = 0;
  let centralBytes = 0;
  let damage: Failure | null = null;
  for await (const entry of zip.eachEntry()) {
    const raw = rawOf(entry.fileNameRaw);
    const local = await zip.readLocalFileHeaderPromise(entry, {});
    const isInPlace = entry.relativeOffsetOfLocalHeader === expectedStart;
    centralBytes += 46 + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
    expectedStart = local.fileDataStart + entry.compressedSize + (isStreamed(entry) ? descriptorBytes : 0);
    const seen = isInPlace
      ? (differenceOf(entry, local) ?? (await descriptorDamage(file.handle, entry, local)))
      : "it does not start where the one before it ends";
    if (seen !== null) damage ??= damagedEntry(file.path, textOf(raw), seen);
    rows.push(rowOf(entry, raw, local.fileDataStart));
  }
  if (!isListName(rows.at(-1)?.raw ?? "")) {
    // Of another program's zip nothing else can be expected to fit.
    throw unreadable(file.path, "it holds no entry list as its last entry; codex-backup did not make it");
  }
  if (damage !== null) throw damage;
  if (rows.length !== end.entries || end.centralStart + centralBytes !== end.centralEnd) {
    throw unreadable(file.path, "its central directory has another size than its end record says");
  }
  if (expectedStart === end.centralStart) return rows;
  throw unreadable(file.path, "bytes lie between its entries and its directory");
}

const descriptorBytes = 24;

/** `start`: of its content. */
export function rowOf(entry: Entry, raw: RawName, start: number): ZipRow {
  return {
    raw,
    mode: entry.externalFileAttributes >>> 16,
    modifiedSeconds: timeOf(entry.extraFields),
    offset: entry.relativeOffsetOfLocalHeader,
    start,
    compressedBytes: entry.compressedSize,
    sizeBytes: entry.uncompressedSize,
    method: entry.compressionMethod === 8 ? 8 : 0,
    crc32: entry.crc32,
  };
}

function isStreamed(entry: Entry): boolean {
  return (entry.generalPurposeBitFlag & 0x0008) !== 0;
}

/** Null when both headers of an entry say the same and nothing that a capsule does not use; else what differs. */
function differenceOf(entry: Entry, local: LocalFileHeader): string | null {
  if (!entry.fileNameRaw.equals(local.fileName)) return "its two headers name it differently";
  if ((entry.generalPurposeBitFlag & ~0x0808) !== 0) return "it is encrypted or otherwise special";
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
    return "it is neither stored nor deflated";
  if (entry.versionMadeBy >> 8 !== 3) return "it was not made on Unix";
  const dosAttributes = entry.fileNameRaw.at(-1) === 0x2f ? 0x10 : 0; // only "is a folder"
  const isPlain = (entry.externalFileAttributes & 0xffff) === dosAttributes;
  if (!isPlain || entry.fileCommentLength !== 0 || entry.internalFileAttributes !== 0) {
    return "it has attributes unknown here";
  }
  const isAlike =
    entry.versionNeededToExtract === local.versionNeededToExtract &&
    entry.generalPurposeBitFlag === local.generalPurposeBitFlag &&
    entry.compressionMethod === local.compressionMethod &&
    entry.lastModFileDate === local.lastModFileDate &&
    entry.lastModFileTime === local.lastModFileTime &&
    local.crc32 === (isStreamed(entry) ? 0 : entry.crc32);
  if (!isAlike) return "its two headers differ";
  return areExtrasAlike(entry, local) ? null : "its two headers differ in size or time";
}

function areExtrasAlike(entry: Entry, local: LocalFileHeader): boolean {
  const localExtras = parseExtraFields(local.extraField);
  const [central, near] = [entry.extraFields, localExtras].map(withoutZip64);
  const zip64 = localExtras.find(({ id }) => id === 1);
  const sizes = [entry.uncompressedSize, entry.compressedSize].map((size) => (isStreamed(entry) ? 0 : size));
  const areSizesAlike =
    zip64 === undefined
      ? local.compressedSize === entry.compressedSize && local.uncompressedSize === entry.uncompressedSize
      : isFilled(local) &&
        zip64.data.length === 16 &&
        sizes.every((size, i) => zip64.data.readBigUInt64LE(8 * i) === BigInt(size));
  return areSizesAlike && central?.equals(near ?? Buffer.alloc(0)) === true;
}

function isFilled(local: LocalFileHeader): boolean {
  return local.compressedSize === 0xffffffff && local.uncompressedSize === 0xffffffff;
}

function withoutZip64(extras: readonly ExtraField[]): Buffer {
  const rest = extras.filter(({ id }) => id !== 1);
  return Buffer.concat(rest.flatMap(({ id, data }) => [Buffer.from([id & 0xff, id >> 8]), data]));
}

function timeOf(extras: readonly ExtraField[]): number | null {
  const field = extras.find(({ id, data }) => id === 0x5455 && data.length === 5 && data[0] === 1);
  return field === undefined ? null : field.data.readInt32LE(1);
}

async function descriptorDamage(
  handle: FileHandle,
  entry: Entry,
  local: LocalFileHeader,
): Promise<string | null> {
  if (!isStreamed(entry)) return null;
  const bytes = Buffer.alloc(descriptorBytes);
  await handle.read(bytes, 0, descriptorBytes, local.fileDataStart + entry.compressedSize);
  const isSound =
    bytes.readUInt32LE(0) === 0x08074b50 &&
    bytes.readUInt32LE(4) === entry.crc32 &&
    bytes.readBigUInt64LE(8) === BigInt(entry.compressedSize) &&
    bytes.readBigUInt64LE(16) === BigInt(entry.uncompressedSize);
  return isSound ? null : "its data descriptor is damaged";
}
