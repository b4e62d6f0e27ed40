import { isUtf8 } from "node:buffer";

// Text from a server whose bytes need not be UTF-8: names of an SQL_ASCII database are any bytes, and those of roles and
// databases were written in the encoding of whatever database made them.

const lowest = 0xdc00;
const loneByte = /[\u{dc80}-\u{dcff}]/gu;

/**
 * Bytes as text, without loss: UTF-8 is read as such, and a byte that is no part of it becomes a lone surrogate, U+DC80 to
 * U+DCFF, which stands in no other text. encodeLoose gives the same bytes back.
 */
export function decodeLoose(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  let text = "";
  let from = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = lengthAt(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    text += bytes.toString("utf8", from, at) + String.fromCharCode(lowest + (bytes[at] ?? 0));
    at += 1;
    from = at;
  }
  return text + bytes.toString("utf8", from);
}

/** Of the letter that begins here; 0: none does. */
function lengthAt(bytes: Buffer, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** The bytes that decodeLoose was given. */
export function encodeLoose(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  const parts: Buffer[] = [];
  let from = 0;
  for (const { index } of text.matchAll(loneByte)) {
    parts.push(Buffer.from(text.slice(from, index)), Buffer.of(text.charCodeAt(index) - lowest));
    from = index + 1;
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(from))]);
}

/**
 * How such text is told to people and in JSON: a byte that is not UTF-8 as `\x` and two digits, lower case, and a backslash
 * before what looks like one of these as `\x5c`. So no two names are told alike, and each can be read back.
 */
export function escapeLoose(text: string): string {
  return text
    .replaceAll(/\\(?=x[0-9a-f]{2})/g, "\\x5c")
    .replaceAll(loneByte, (byte) => `\\x${(byte.charCodeAt(0) - lowest).toString(16)}`);
}
