import { formatInstant, instant } from "../domain/instant.ts";
import { bytesOf, isUtf8Name, type RawName } from "./raw-name.ts";

/** What the headers of one entry say (PKWARE APPNOTE 6.3.10, 4.3.7 to 4.3.16). */
export interface ZipRecord {
  readonly raw: RawName;
  /** 0 stored, 8 deflated. */
  readonly method: 0 | 8;
  readonly crc32: number;
  readonly compressedBytes: number;
  readonly sizeBytes: number;
  /** All of st_mode, type included: how Info-ZIP tells links from files. */
  readonly mode: number;
  readonly modifiedMs: number;
  /** CRC and sizes follow the content in a zip64 data descriptor, as they were not known before it. */
  readonly isStreamed: boolean;
}

/** From which numbers on the zip64 forms are used. Tests lower them. */
export interface ZipLimits {
  readonly entries: number;
  readonly bytes: number;
}

export const zipLimits: ZipLimits = { entries: 0xffff, bytes: 0xffffffff };

const utf8Flag = 0x0800;
const descriptorFlag = 0x0008;
const madeByUnix = (3 << 8) | 45;

/**
 * What stands before an entry's content. Of a streamed one neither sizes nor CRC are known yet: a descriptor follows.
 */
export function localHeader(record: ZipRecord, limits: ZipLimits): Buffer {
  const large = isLarge(record, limits);
  const sizes = record.isStreamed ? [0, 0] : [record.sizeBytes, record.compressedBytes];
  const extra = Buffer.concat([large ? zip64Extra(sizes) : empty, timeExtra(record.modifiedMs)]);
  const name = bytesOf(record.raw);
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50, 0);
  writeShared(head.subarray(4), record, large);
  if (record.isStreamed) head.writeUInt32LE(0, 14);
  writeSizes(head.subarray(18), record, large);
  head.writeUInt16LE(name.length, 26);
  head.writeUInt16LE(extra.length, 28);
  return Buffer.concat([head, name, extra]);
}

/** Goes after the content of a streamed entry. */
export function dataDescriptor(record: ZipRecord): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(0x08074b50, 0);
  bytes.writeUInt32LE(record.crc32, 4);
  writeUInt64(bytes, record.compressedBytes, 8);
  writeUInt64(bytes, record.sizeBytes, 16);
  return bytes;
}

/** `offset`: where the entry's local header starts. */
export function centralHeader(record: ZipRecord, offset: number, limits: ZipLimits): Buffer {
  const large = isLarge(record, limits);
  const far = offset >= limits.bytes;
  const wide = [...(large ? [record.sizeBytes, record.compressedBytes] : []), ...(far ? [offset] : [])];
  const extra = Buffer.concat([wide.length > 0 ? zip64Extra(wide) : empty, timeExtra(record.modifiedMs)]);
  const name = bytesOf(record.raw);
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt16LE(madeByUnix, 4);
  writeShared(head.subarray(6), record, large);
  writeSizes(head.subarray(20), record, large);
  head.writeUInt16LE(name.length, 28);
  head.writeUInt16LE(extra.length, 30);
  head.writeUInt32LE(((record.mode << 16) | (record.raw.endsWith("/") ? 0x10 : 0)) >>> 0, 38);
  head.writeUInt32LE(far ? 0xffffffff : offset, 42);
  return Buffer.concat([head, name, extra]);
}

export interface CentralDirectory {
  readonly entries: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** What ends a zip: the zip64 record and its locator where the numbers need them, then the classic record. */
export function endRecords(central: CentralDirectory, limits: ZipLimits): Buffer {
  const { entries, offset, sizeBytes } = central;
  const large = entries >= limits.entries || offset >= limits.bytes || sizeBytes >= limits.bytes;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(large ? 0xffff : entries, 8);
  end.writeUInt16LE(large ? 0xffff : entries, 10);
  end.writeUInt32LE(large ? 0xffffffff : sizeBytes, 12);
  end.writeUInt32LE(large ? 0xffffffff : offset, 16);
  return large ? Buffer.concat([zip64End(central), end]) : end;
}

function zip64End({ entries, offset, sizeBytes }: CentralDirectory): Buffer {
  const bytes = Buffer.alloc(56 + 20);
  bytes.writeUInt32LE(0x06064b50, 0);
  writeUInt64(bytes, 44, 4); // the rest of this record
  bytes.writeUInt16LE(madeByUnix, 12);
  bytes.writeUInt16LE(45, 14);
  writeUInt64(bytes, entries, 24);
  writeUInt64(bytes, entries, 32);
  writeUInt64(bytes, sizeBytes, 40);
  writeUInt64(bytes, offset, 48);
  bytes.writeUInt32LE(0x07064b50, 56); // the locator
  writeUInt64(bytes, offset + sizeBytes, 64);
  bytes.writeUInt32LE(1, 72);
  return bytes;
}

const empty = Buffer.alloc(0);

function isLarge(record: ZipRecord, limits: ZipLimits): boolean {
  return record.isStreamed || record.sizeBytes >= limits.bytes || record.compressedBytes >= limits.bytes;
}

/** Version, flags, method, time and CRC lie in the same order in both headers. */
function writeShared(into: Buffer, record: ZipRecord, large: boolean): void {
  const { time, date } = dosTimeOf(record.modifiedMs);
  const flags = (isUtf8Name(record.raw) ? utf8Flag : 0) | (record.isStreamed ? descriptorFlag : 0);
  into.writeUInt16LE(large ? 45 : 20, 0);
  into.writeUInt16LE(flags, 2);
  into.writeUInt16LE(record.method, 4);
  into.writeUInt16LE(time, 6);
  into.writeUInt16LE(date, 8);
  into.writeUInt32LE(record.crc32, 10);
}

function writeSizes(into: Buffer, record: ZipRecord, large: boolean): void {
  into.writeUInt32LE(large ? 0xffffffff : record.compressedBytes, 0);
  into.writeUInt32LE(large ? 0xffffffff : record.sizeBytes, 4);
}

function zip64Extra(numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + 8 * numbers.length);
  bytes.writeUInt16LE(0x0001, 0);
  bytes.writeUInt16LE(8 * numbers.length, 2);
  for (const [index, value] of numbers.entries()) writeUInt64(bytes, value, 4 + 8 * index);
  return bytes;
}

/** Info-ZIP's "UT": whole seconds in UTC. Left out for times that 32 bits cannot hold. */
function timeExtra(modifiedMs: number): Buffer {
  const seconds = Math.floor(modifiedMs / 1000);
  if (seconds !== (seconds | 0)) return empty;
  const bytes = Buffer.alloc(9);
  bytes.writeUInt16LE(0x5455, 0);
  bytes.writeUInt16LE(5, 2);
  bytes.writeUInt8(1, 4);
  bytes.writeInt32LE(seconds, 5);
  return bytes;
}

/** DOS times have no zone; ours are UTC, so that the same tree gives the same bytes everywhere. */
function dosTimeOf(modifiedMs: number): { readonly time: number; readonly date: number } {
  const text = formatInstant(instant(Math.min(Math.max(modifiedMs, dosFirstMs), dosLastMs)));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = text.split(/[-T:.Z]/).map(Number);
  return {
    time: (hour << 11) | (minute << 5) | (second >> 1),
    date: ((year - 1980) << 9) | (month << 5) | day,
  };
}

const dosFirstMs = Date.UTC(1980, 0, 1);
const dosLastMs = Date.UTC(2107, 11, 31, 23, 59, 58);

function writeUInt64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value % 2 ** 32, at);
  bytes.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}
