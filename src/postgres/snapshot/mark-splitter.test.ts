import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createMarkSplitter } from "./mark-splitter.ts";

test("blocks come out whole, however the bytes arrive", () => {
  const line = fc.constantFrom("1\tabc", "mar", "mark", "", "\\N");
  const blocks = fc.array(fc.array(line), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(blocks, fc.array(fc.nat(200)), (given, cuts) => {
      const texts = given.map((lines) => lines.map((one) => `${one}\n`).join(""));
      const stream = Buffer.from(texts.map((text) => `${text}mark!\n`).join(""));
      const at = [0, ...cuts.filter((cut) => cut < stream.length).toSorted((a, b) => a - b), stream.length];
      const splitter = createMarkSplitter("mark!");
      const seen = [""];
      for (const [index, end] of at.slice(1).entries()) {
        for (const piece of splitter.push(stream.subarray(at[index], end))) {
          if (piece.kind === "mark") seen.push("");
          else seen.push(`${seen.pop()}${piece.data.toString("utf8")}`);
        }
      }
      assert.deepEqual(seen, [...texts, ""]);
      assert.equal(splitter.rest().length, 0);
    }),
  );
});
