import type { FileHandle } from "node:fs/promises";

/** Where the central directory lies, by the records that end a zip. */
export interface EndRecord {
  readonly entries: number;
  readonly centralStart: number;
  /** Also where the end records start: nothing lies between them. */
  readonly centralEnd: number;
}

/**
 * Reads the end of a zip strictly: no comment, no garbage, one disk, every number consistent. A text says what was
 * seen instead. Stricter than yauzl, which a cut, grown or doctored file may still satisfy.
 */
export async function readEndRecord(handle: FileHandle, fileBytes: number): Promise<EndRecord | string> {
  const bytes = Buffer.alloc(Math.min(98, fileBytes));
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, fileBytes - bytes.length);
  if (bytesRead !== bytes.length || bytes.length < 22) return "it is too short for a zip";
  const end = bytes.subarray(-22);
  if (end.readUInt32LE(0) !== 0x06054b50)
    return "its last bytes are no end record: cut short, or something was added";
  if (end.readUInt32LE(4) !== 0 || end.readUInt16LE(20) !== 0) return "its end record is damaged";
  const entries = end.readUInt16LE(10);
  if (entries !== end.readUInt16LE(8)) return "its end record counts two numbers of entries";
  const centralBytes = end.readUInt32LE(12);
  const centralStart = end.readUInt32LE(16);
  const locator = bytes.subarray(-42, -22);
  if (locator.length === 20 && locator.readUInt32LE(0) === 0x07064b50) {
    if (entries !== 0xffff || centralBytes !== 0xffffffff || centralStart !== 0xffffffff) {
      return "its two end records differ";
    }
    return readZip64(bytes, fileBytes);
  }
  const centralEnd = fileBytes - 22;
  if (centralStart + centralBytes !== centralEnd)
    return "its central directory does not end where its end record starts";
  return { entries, centralStart, centralEnd };
}

function readZip64(bytes: Buffer, fileBytes: number): EndRecord | string {
  if (bytes.length < 98) return "it is too short for a zip64";
  const record = bytes.subarray(0, 56);
  const locator = bytes.subarray(56, 76);
  const centralEnd = fileBytes - 98;
  const isSound =
    record.readUInt32LE(0) === 0x06064b50 &&
    record.readBigUInt64LE(4) === 44n &&
    record.readBigUInt64LE(16) === 0n &&
    record.readBigUInt64LE(24) === record.readBigUInt64LE(32) &&
    locator.readUInt32LE(4) === 0 &&
    locator.readBigUInt64LE(8) === BigInt(centralEnd) &&
    locator.readUInt32LE(16) === 1;
  if (!isSound) return "its zip64 end record is damaged";
  const centralStart = record.readBigUInt64LE(48);
  if (centralStart + record.readBigUInt64LE(40) !== BigInt(centralEnd)) {
    return "its central directory does not end where its end record starts";
  }
  return { entries: Number(record.readBigUInt64LE(32)), centralStart: Number(centralStart), centralEnd };
}
