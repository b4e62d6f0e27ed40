import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Instant, instant } from "../instant.ts";
import { type MeasuredRestore, recoveryTime } from "./recovery-time.ts";
import { judgeRto } from "./rto.ts";

const dayMs = 86_400_000;
const now: Instant = instant(Date.parse("2026-11-23T02:00:00Z"));

function measured(daysAgo: number, restoreMs: number, contentBytes: number): MeasuredRestore {
  return { at: instant(now - daysAgo * dayMs), restoreMs, contentBytes };
}

const minute = 60_000;

test("without a measurement there is no number, and one from the future is none", () => {
  assert.equal(recoveryTime([], 1e9, now), null);
  assert.equal(recoveryTime([measured(-365, minute, 1e9)], 1e9, now), null);
  assert.equal(judgeRto(1, null), null);
});

test("one measurement is told as it was, and in proportion where there is more now", () => {
  const points = [measured(1, 2 * minute, 1e9)];
  const { estimateMs, lowMs, highMs, measuredMs, method } = recoveryTime(points, 1e9, now) ?? {};
  assert.deepEqual(
    [estimateMs, lowMs, highMs, measuredMs, method],
    [2 * minute, 2 * minute, 2 * minute, 2 * minute, "newest"],
  );
  assert.equal(recoveryTime(points, 3e9, now)?.estimateMs, 6 * minute);
  assert.equal(recoveryTime(points, 1e6, now)?.estimateMs, 2 * minute, "never less than was measured");
});

test("the newest of a few speaks, and the others say how sure that is", () => {
  const points = [measured(8, 4 * minute, 1e9), measured(1, 2 * minute, 1e9), measured(15, minute, 1e9)];
  const found = recoveryTime(points, 1e9, now);
  assert.deepEqual([found?.estimateMs, found?.lowMs, found?.highMs], [2 * minute, minute, 4 * minute]);
  assert.equal(found?.measuredAt, now - dayMs);
});

test("with enough sizes a line tells fixed cost from cost by size, whatever one slow night says", () => {
  const timeOf = (bytes: number) => 30_000 + bytes / 1e4;
  const points = [1, 2, 3, 4, 5, 6].map((gb) => measured(7 - gb, timeOf(gb * 1e9), gb * 1e9));
  const slow = measured(3.5, 10 * timeOf(3e9), 3e9);
  for (const some of [points, [...points, slow]]) {
    const found = recoveryTime(some, 8e9, now);
    assert.equal(found?.method, "line");
    assert.ok(
      Math.abs((found?.estimateMs ?? 0) - timeOf(8e9)) < 0.02 * timeOf(8e9),
      String(found?.estimateMs),
    );
    assert.ok(
      (found?.highMs ?? 0) >= (found?.estimateMs ?? 0) && (found?.lowMs ?? 0) <= (found?.estimateMs ?? 0),
    );
  }
});

test("property: a larger database is never said to be back sooner, and the estimate lies in its own range", () => {
  const points = fc.array(
    fc.record({
      at: fc.integer({ min: now - 300 * dayMs, max: now }).map((at) => instant(at)),
      restoreMs: fc.integer({ min: 1, max: 1e7 }),
      contentBytes: fc.integer({ min: 0, max: 1e12 }),
    }),
    { minLength: 1, maxLength: 30 },
  );
  const bytes = fc.integer({ min: 0, max: 1e12 });
  fc.assert(
    fc.property(points, bytes, bytes, (some, one, other) => {
      const small = recoveryTime(some, Math.min(one, other), now);
      const large = recoveryTime(some, Math.max(one, other), now);
      assert.ok(small && large && small.estimateMs <= large.estimateMs);
      for (const { lowMs, estimateMs, highMs } of [small, large])
        assert.ok(lowMs <= estimateMs && estimateMs <= highMs && Number.isFinite(highMs));
    }),
  );
});

test("an rto is told before it is missed, and missed by the last measurement or by today's size", () => {
  const limit = 30 * minute;
  const kindAt = (restoreMs: number, bytes = 1e9) =>
    judgeRto(limit, recoveryTime([measured(1, restoreMs, 1e9)], bytes, now))?.kind ?? null;
  assert.deepEqual([kindAt(20 * minute), kindAt(24 * minute), kindAt(31 * minute)], [null, "near", "missed"]);
  assert.equal(kindAt(20 * minute, 2e9), "missed");
  const finding = judgeRto(limit, recoveryTime([measured(1, 31 * minute, 1e9)], 1e9, now));
  assert.equal(finding?.message, "its last measured restore took 31 min 0 s, its rto is 30 min 0 s");
});
