import assert from "node:assert/strict";
import { test } from "node:test";
import { instant } from "../instant.ts";
import { judgeSeen } from "./seen-backup.ts";

const hourMs = 3_600_000;
const now = instant(Date.UTC(2026, 10, 23, 12));
const limits = { now, path: "/srv/backups", maxAgeMs: 26 * hourMs };

function judge(agoMs: number | null) {
  const newest = agoMs === null ? null : { startedAt: instant(now - agoMs), sizeBytes: 7 };
  const { healthy, rule, reason } = judgeSeen({ job: "job", database: null, newest }, limits);
  return { healthy, rule, reason };
}

test("what another host leaves is fresh up to its age, and stale a moment later", () => {
  assert.deepEqual(judge(26 * hourMs), {
    healthy: true,
    rule: "fresh",
    reason: 'its newest whole backup in "/srv/backups" is 26 h old, allowed are 26 h',
  });
  assert.deepEqual([judge(26 * hourMs + 1).healthy, judge(26 * hourMs + 1).rule], [false, "age"]);
});

test("a directory without a whole backup is not fresh", () => {
  assert.deepEqual([judge(null).healthy, judge(null).rule], [false, "none-left"]);
});

test("a clock of the other host that is a little ahead is no reason to be alarmed, one that is a day ahead is", () => {
  assert.deepEqual(judge(-30_000), {
    healthy: true,
    rule: "fresh",
    reason: 'its newest whole backup in "/srv/backups" is 0 s old, allowed are 26 h',
  });
  assert.deepEqual([judge(-24 * hourMs).healthy, judge(-24 * hourMs).rule], [false, "clock"]);
});
