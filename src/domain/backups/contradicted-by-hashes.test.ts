import assert from "node:assert/strict";
import { test } from "node:test";
import { contradictedByHashes } from "./contradicted-by-hashes.ts";

const [one, two] = ["1".repeat(64), "2".repeat(64)];
const written = [
  { path: "x.sql", sha256: one },
  { path: "x.manifest.json", sha256: two },
];

test("what was written of a file under another hash contradicts it", () => {
  assert.deepEqual(contradictedByHashes(written, written), []);
  assert.deepEqual(contradictedByHashes(written, [{ path: "x.sql", sha256: two }]), ["x.sql"]);
});

test("one line that fits does not excuse another that does not", () => {
  const twice = [{ path: "x.sql", sha256: two }, ...written];
  assert.deepEqual(contradictedByHashes(twice, written), ["x.sql"]);
});

test("a file of which nothing is written is not contradicted", () => {
  assert.deepEqual(contradictedByHashes([], written), []);
  assert.deepEqual(contradictedByHashes(written, [{ path: "globals_x.sql", sha256: one }]), []);
});
