import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { instant, parseInstant } from "../domain/instant.ts";
import { createRunId, parseRunId, systemRandom } from "./run-id.ts";

const moments = fc
  .integer({ min: Date.UTC(1970, 0), max: Date.UTC(9999, 11, 31) })
  .map((epochMs) => instant(epochMs));
const bytes = fc.uint8Array({ minLength: 3, maxLength: 3 });

test("an id shows its second and six digits of chance", () => {
  const at = parseInstant("2026-11-23T01:00:00.999Z");
  assert.ok(at !== null);
  assert.equal(
    createRunId(at, () => Uint8Array.of(0xab, 0x12, 0xcd)),
    "20261123T010000Z-ab12cd",
  );
});

test("what was formatted is parsed back, to the second", () => {
  fc.assert(
    fc.property(moments, bytes, (at, random) => {
      const parts = parseRunId(createRunId(at, () => random));
      assert.equal(parts?.at, Math.floor(at / 1000) * 1000);
      assert.equal(parts?.suffix, Buffer.from(random).toString("hex"));
    }),
  );
});

test("ids of later seconds sort behind earlier ones", () => {
  fc.assert(
    fc.property(moments, moments, bytes, bytes, (a, b, left, right) => {
      fc.pre(Math.floor(a / 1000) < Math.floor(b / 1000));
      assert.ok(createRunId(a, () => left) < createRunId(b, () => right));
    }),
  );
});

test("runs of one second do not share an id", () => {
  const at = instant(0);
  const ids = new Set(Array.from({ length: 100 }, () => createRunId(at, systemRandom)));
  assert.ok(ids.size > 95, `${ids.size} of 100 ids differ`);
});

test("nothing else passes for an id, least of all a path", () => {
  const texts = [
    "",
    "20261123T010000Z",
    "20261123T010000Z-AB12CD",
    "20261123T010000Z-ab12cd\n",
    "20261323T010000Z-ab12cd",
    "20260230T010000Z-ab12cd",
    "../20261123T010000Z-ab12cd",
    "20261123T010000Z-ab12cd/../../etc",
  ];
  for (const text of texts) assert.equal(parseRunId(text), null, text);
});
