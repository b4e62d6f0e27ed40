import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { showerOf } from "./encodings.ts";
import { decodeLoose, encodeLoose, escapeLoose } from "./loose-text.ts";

/** What is written of it in docs/reference/manifest.md, done literally. */
function bytesOf(shown: string): Buffer {
  const parts = shown.split(/(\\x[0-9a-f]{2})/);
  return Buffer.concat(
    parts.map((part, at) => Buffer.from(at % 2 === 1 ? part.slice(2) : part, at % 2 === 1 ? "hex" : "utf8")),
  );
}

/** Bytes in which UTF-8, halves of it, and what looks like an escape lie close together. */
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom("\\", "x", "e9", "\\xe9", "\\x5c", "\\xE9", "é", "日", "\u{1f600}", "\ufeff", "\ufffd")
    .map((text) => Buffer.from(text)),
  fc.constantFrom("\u{1f600}", "日").map((text) => Buffer.from(text).subarray(0, -1)),
);
const anyBytes = fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.concat(pieces));

test("property: any bytes come back from loose text, and from what is shown of it", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const loose = decodeLoose(bytes);
      assert.deepEqual(encodeLoose(loose), bytes);
      const shown = escapeLoose(loose);
      assert.ok(shown.isWellFormed(), "no JSON reader stumbles on it");
      assert.deepEqual(bytesOf(shown), bytes);
      assert.equal(JSON.parse(JSON.stringify(loose)), loose);
    }),
    { numRuns: 500 },
  );
});

test("a name is shown in the letters of its database's encoding, and escaped where there are none", () => {
  const shown = (encoding: string, bytes: string) =>
    showerOf(encoding)(decodeLoose(Buffer.from(bytes, "latin1")));
  assert.equal(shown("UTF8", "gr\xc3\xbcn\\xe9"), "grün\\xe9", "as it always was");
  assert.equal(shown("SQL_ASCII", "gr\xc3\xbcn"), "grün");
  assert.equal(shown("SQL_ASCII", "gr\xfcn \\xfc"), "gr\\xfcn \\x5cxfc");
  assert.equal(shown("LATIN1", "gr\xfcn"), "grün");
  assert.equal(shown("EUC_JP", "\xc6\xfc"), "日");
  assert.equal(shown("EUC_JP", "\xe6\x97\xa5"), "日", "bytes that are no EUC_JP, as UTF-8");
});
