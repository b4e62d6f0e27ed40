import assert from "node:assert/strict";
import { test } from "node:test";
import { knownAnomalies } from "./known-anomalies.ts";

const anomalies = [{ kind: "tables", message: "table public.big is gone" }] as const;

test("who restores a suspect backup is told what is unusual in it, and where to look instead", () => {
  assert.deepEqual(knownAnomalies({ job: "database", anomalies, accepted: false }), [
    {
      severity: "warning",
      message: "the backup is suspect: table public.big is gone",
      hint: "What is missed may be in an earlier one: codex-backup list --job database",
    },
  ]);
});

test("of one that is as usual or was accepted nothing is said", () => {
  assert.deepEqual(knownAnomalies({ job: "database", anomalies: [], accepted: false }), []);
  assert.deepEqual(knownAnomalies({ job: "database", anomalies, accepted: true }), []);
});
