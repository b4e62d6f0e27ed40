import { isUtf8 } from "node:buffer";

/**
 * A raw name: the bytes of a file name as a string of one character a byte (latin1). Names on Linux are
 * bytes, not text; this form survives every name, sorts by bytes with `<`, and travels cheaply between threads.
 */
export type RawName = string;

/** The very bytes that the system calls the file by. */
export function bytesOf(raw: RawName): Buffer {
  return Buffer.from(raw, "latin1");
}

/** Of bytes that need not be text: one character for each. */
export function rawOf(bytes: Uint8Array): RawName {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The raw name of a path given as text, which on Linux means UTF-8. */
export function rawOfText(text: string): RawName {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** For people: bytes that are not UTF-8 show as the replacement character. */
export function textOf(raw: RawName): string {
  return isAscii(raw) ? raw : bytesOf(raw).toString("utf8");
}

/** False: the name cannot be written as text without loss. */
export function isUtf8Name(raw: RawName): boolean {
  return isAscii(raw) || isUtf8(bytesOf(raw));
}

function isAscii(raw: RawName): boolean {
  return !/[\x80-\xff]/.test(raw);
}

/** By bytes. A folder ("a/") comes before all that is in it. */
export function compareRaw(a: RawName, b: RawName): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
