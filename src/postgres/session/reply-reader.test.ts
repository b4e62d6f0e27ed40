import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createReplyReader, formatStatement } from "./reply-reader.ts";

const stream = Buffer.from(
  [
    '{"name":"Ünïcode"}',
    '{"name":"b"}',
    "tok false 00000",
    "tok end",
    "tok true 55P03",
    "canceling statement due to lock timeout",
    "of two lines",
    "tok end",
    "tok false 00000",
    "tok end",
    "",
  ].join("\n"),
);

test("replies are cut where the token says, however the bytes arrive", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: stream.length })), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
      const reader = createReplyReader("tok");
      const replies = at.slice(1).flatMap((end, index) => reader.push(stream.subarray(at[index], end)));
      assert.deepEqual(replies, [
        { lines: ['{"name":"Ünïcode"}', '{"name":"b"}'], refusal: null },
        {
          lines: [],
          refusal: { sqlstate: "55P03", message: "canceling statement due to lock timeout of two lines" },
        },
        { lines: [], refusal: null },
      ]);
    }),
  );
});

test("a statement is ended by itself, so that an unfinished comment line cannot swallow the mark", () => {
  assert.match(
    formatStatement("SELECT 1 -- why", "tok"),
    /^SELECT 1 -- why\n;\n\\echo tok :ERROR :SQLSTATE\n/,
  );
});
