import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { choosePartBytes } from "./part-size.ts";

const mebibyte = 1024 * 1024;
const limits = { minBytes: 5 * mebibyte, maxBytes: 5 * 1024 * mebibyte, maxParts: 10_000 };

test("small files take the usual part, and a file may be four times its estimate", () => {
  assert.equal(choosePartBytes({ expectedBytes: 1, partBytes: null }, limits), 8 * mebibyte);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10 ** 13 }),
      fc.option(fc.integer({ min: 1, max: 10 ** 9 })),
      (size, own) => {
        const part = choosePartBytes({ expectedBytes: size, partBytes: own }, limits);
        assert.ok(part >= limits.minBytes && part <= limits.maxBytes);
        assert.ok(part * limits.maxParts >= 4 * size);
        if (
          own !== null &&
          own >= limits.minBytes &&
          own * limits.maxParts >= 4 * size + limits.maxParts * mebibyte
        )
          assert.equal(part, own);
      },
    ),
  );
});
