import assert from "node:assert/strict";
import { test } from "node:test";
import { instant } from "../instant.ts";
import { type GatedBackup, judgeSeen } from "./seen-backup.ts";

const hourMs = 3_600_000;
const now = instant(Date.UTC(2026, 10, 23, 12));
const limits = { now, path: "/srv/backups", maxAgeMs: 26 * hourMs };

function judge(agoMs: number | null) {
  const newest = agoMs === null ? null : { startedAt: instant(now - agoMs), sizeBytes: 7 };
  const { healthy, rule, reason } = judgeSeen({ job: "job", database: null, newest, gated: [] }, limits);
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

test("which of them are suspect is told back to the last that was as usual, and none once a later one is", () => {
  const one = (id: string, agoHours: number, given: Partial<GatedBackup> = {}): GatedBackup => ({
    ...{ id, createdAt: instant(now - agoHours * hourMs), outcome: "complete", adopted: false },
    ...{ anomalies: [{ kind: "rows", message: `${id} has fewer rows` }], accepted: false, ...given },
  });
  const messages = (...gated: readonly GatedBackup[]) =>
    judgeSeen({ job: "job", database: null, newest: null, gated }, limits).concerns.map((c) => c.message);
  const good = one("good", 30, { anomalies: [] });
  const both = ["b is suspect: b has fewer rows; a is suspect: a has fewer rows"];
  assert.deepEqual(messages(one("b", 1), one("a", 25), good, one("old", 50)), both);
  assert.deepEqual(messages(one("new", 0, { anomalies: [] }), one("a", 25), good), []);
  assert.deepEqual(messages(one("a", 1, { accepted: true }), good), []);
  const found = one("found", 0, { anomalies: [], adopted: true });
  const cut = one("cut", 0, { anomalies: [], outcome: "incomplete" });
  assert.deepEqual(messages(found, cut, one("b", 1), one("a", 25), good), both, "these two say nothing");
});
