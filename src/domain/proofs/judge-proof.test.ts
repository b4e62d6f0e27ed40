import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeProof } from "./judge-proof.ts";

const empty = { compared: { tables: 0, rows: 0, schemaObjects: 0 }, differences: [] };

test("an empty database is never proven, and is told how to be left out where it is meant to be empty", () => {
  const judged = judgeProof("postgres_2026-11-23", empty, []);
  assert.deepEqual([judged.outcome, judged.level, judged.failure?.code], ["failed", null, "proof.nothing"]);
  assert.match(judged.failure?.hint ?? "", /postgres\.except/);
});
