import assert from "node:assert/strict";
import { test } from "node:test";
import { type Instant, instant } from "../instant.ts";
import { type DrillFacts, judgeDrill } from "./key-drill.ts";

const day = 86_400_000;
const now = instant(Date.parse("2026-11-23T05:00:00Z"));
const ago = (days: number): Instant => instant(now - days * day);
const proof = (days: number, changes: Partial<DrillFacts["proofs"][number]> = {}) => {
  return { at: ago(days), outcome: "proven", openedBy: "age1safe", ...changes } as const;
};
const judge = (changes: Partial<DrillFacts>) =>
  judgeDrill({ now, drillMs: 90 * day, knownSince: ago(200), here: [], proofs: [], ...changes });

test("a proof with the key from the safe is a drill until it is too old", () => {
  assert.equal(judge({ proofs: [proof(90)] }).isOverdue, false);
  const late = judge({ proofs: [proof(91), proof(120)] });
  assert.deepEqual([late.isOverdue, late.lastDrillAt, late.overdueSince], [true, ago(91), ago(1)]);
  assert.match(late.message, /91 days old, allowed are 90 days/);
});

const none: Readonly<Record<string, Partial<DrillFacts>>> = {
  "with a key that lies on this machine": { here: ["age1safe"], proofs: [proof(1)] },
  "that found a difference": { proofs: [proof(1, { outcome: "mismatch" })] },
  "that failed": { proofs: [proof(1, { outcome: "failed" })] },
  "of a backup that was not encrypted": { proofs: [proof(1, { openedBy: null })] },
  "that is dated in the future": { proofs: [proof(-1)] },
};

for (const [which, facts] of Object.entries(none)) {
  test(`a proof ${which} is no drill`, () => {
    const found = judge(facts);
    assert.deepEqual([found.isOverdue, found.lastDrillAt], [true, null]);
    assert.match(found.message, /no backup was ever proven with the key from the safe/);
  });
}

test("a job that has just begun is given its time", () => {
  assert.equal(judge({ knownSince: ago(89) }).isOverdue, false);
  assert.equal(judge({ knownSince: ago(91) }).overdueSince, ago(1));
});
