import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countNewlines } from "./newlines.ts";

function countPlainly(bytes: Uint8Array): number {
  return bytes.reduce((found, byte) => found + (byte === 10 ? 1 : 0), 0);
}

test("newlines are counted as a plain loop counts them, whatever the length and the bytes left in memory", () => {
  const bytes = fc
    .uint8Array({ maxLength: 200 })
    .map((array) => array.map((byte) => (byte < 100 ? 10 : byte)));
  fc.assert(fc.property(bytes, (sample) => countNewlines(sample) === countPlainly(sample)));
});

test("pieces longer than the counter's memory are counted whole", () => {
  const bytes = Buffer.alloc((1 << 20) * 2 + 17, "ab\n");
  assert.equal(countNewlines(bytes), countPlainly(bytes));
});

test("sixteen newlines in one vector, 255 vectors in a row, do not overflow", () => {
  assert.equal(countNewlines(Buffer.alloc(16 * 1000, "\n")), 16_000);
});
