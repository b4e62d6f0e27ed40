import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Instant, instant } from "../instant.ts";
import { graceOf, type HealthFacts, healthOf } from "./health.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const at = (text: string): Instant => instant(Date.parse(text));
const slot = at("2026-11-23T02:00:00Z");
const after = (ms: number): Instant => instant(slot + ms);

/** A slot at 02:00 UTC every day. */
function daily(moment: Instant): Instant {
  return instant(Math.floor((moment - 2 * hourMs) / dayMs) * dayMs + 2 * hourMs);
}

function health(changes: Partial<HealthFacts>) {
  return healthOf({
    kind: "postgres",
    now: after(6 * hourMs),
    slotBefore: daily,
    knownSince: after(-100 * dayMs),
    graceMs: null,
    maxAgeMs: null,
    usualDurationMs: null,
    newestGoodAt: slot,
    isDatedToTheDay: false,
    misdatedAt: null,
    hasBackups: true,
    unlisted: 0,
    unusable: [],
    lastRun: { outcome: "complete", startedAt: slot },
    ...changes,
  });
}

test("a backup that started at its slot or later answers it, one from a millisecond before does not", () => {
  assert.deepEqual(health({}), { healthy: true, rule: "fresh", reason: "its newest good backup is 6 h old" });
  assert.deepEqual(health({ newestGoodAt: after(-1) }), {
    healthy: false,
    rule: "slot",
    reason: "the slot of 6 h ago was missed; its newest good backup is 6 h old",
  });
});

test("a slot is missed when its grace has passed, not earlier", () => {
  const yesterday = { newestGoodAt: after(-dayMs), lastRun: null };
  assert.equal(health({ ...yesterday, now: after(2 * hourMs - 1) }).rule, "fresh");
  assert.equal(health({ ...yesterday, now: after(2 * hourMs) }).rule, "slot");
  assert.equal(health({ ...yesterday, now: after(5 * minuteMs), graceMs: 5 * minuteMs }).rule, "slot");
});

test("the grace grows with the usual duration", () => {
  assert.equal(graceOf({ graceMs: null, usualDurationMs: null }), 2 * hourMs);
  assert.equal(graceOf({ graceMs: null, usualDurationMs: 39 * minuteMs }), 2 * hourMs);
  assert.equal(graceOf({ graceMs: null, usualDurationMs: 4 * hourMs }), 12 * hourMs);
  assert.equal(graceOf({ graceMs: 1, usualDurationMs: 4 * hourMs }), 1);
});

test("slots more frequent than the grace do not hide that nothing runs any more", () => {
  const hourly = (moment: Instant) => instant(Math.floor(moment / hourMs) * hourMs);
  const found = health({ slotBefore: hourly, newestGoodAt: after(-3 * hourMs), now: after(30 * minuteMs) });
  assert.equal(found.rule, "slot");
  assert.equal(
    health({ slotBefore: hourly, newestGoodAt: after(-hourMs), now: after(30 * minuteMs) }).rule,
    "fresh",
  );
});

test("a schedule that stopped firing 200 days ago is not healthy because its last run was", () => {
  const long = after(-200 * dayMs);
  const found = health({ newestGoodAt: long, lastRun: { outcome: "complete", startedAt: long } });
  assert.equal(found.healthy, false);
  assert.match(found.reason, /200 days old/);
});

test("maxAge speaks to the millisecond, also for jobs by hand", () => {
  const byHand = { slotBefore: () => null, maxAgeMs: 26 * hourMs };
  assert.equal(health({ ...byHand, now: after(26 * hourMs) }).rule, "fresh");
  assert.deepEqual(health({ ...byHand, now: after(30 * hourMs) }), {
    healthy: false,
    rule: "age",
    reason: "its newest good backup is 30 h old, allowed are 26 h",
  });
  assert.equal(health({ ...byHand, now: after(26 * hourMs + 1) }).rule, "age");
});

test("a job configured after its last slot is new, and ill when its first slot passes without a backup", () => {
  const fresh = { newestGoodAt: null, hasBackups: false, lastRun: null, knownSince: after(1) };
  assert.deepEqual(health(fresh), { healthy: true, rule: "new", reason: "waiting for its first run" });
  assert.equal(health({ ...fresh, now: after(dayMs + 2 * hourMs) }).rule, "slot");
  assert.match(health({ ...fresh, knownSince: slot }).reason, /missed, and there is no good one yet/);
});

test("a failed run is told at once, and healed by a later good one only", () => {
  const failed = { lastRun: { outcome: "failed", startedAt: after(hourMs) } } as const;
  assert.deepEqual(health(failed), {
    healthy: false,
    rule: "last-run",
    reason: "its last run, 5 h ago, failed; its newest good backup is 6 h old",
  });
  assert.equal(health({ ...failed, newestGoodAt: after(hourMs) }).rule, "fresh");
  assert.equal(health({ ...failed, newestGoodAt: null, slotBefore: () => null }).healthy, false);
});

test("a job whose good backups are all gone is ill at once, whatever its last run said", () => {
  const gone = { newestGoodAt: null, hasBackups: false, slotBefore: () => null };
  assert.deepEqual(health(gone), {
    healthy: false,
    rule: "none-left",
    reason: "its last run, 6 h ago, was complete, but no good backup is left",
  });
  assert.equal(health({ ...gone, lastRun: null }).rule, "new");
  assert.equal(health({ ...gone, lastRun: { outcome: "skipped", startedAt: slot } }).rule, "new");
  assert.equal(health({ ...gone, kind: "command" }).rule, "new");
});

test("an incomplete backup is not a good one", () => {
  assert.equal(health({ lastRun: { outcome: "incomplete", startedAt: after(hourMs) } }).rule, "last-run");
});

test("a run skipped because another was at it harms no backup that is there", () => {
  assert.equal(health({ lastRun: { outcome: "skipped", startedAt: after(hourMs) } }).rule, "fresh");
});

test("checksums and commands are as healthy as the run of their last due slot", () => {
  for (const kind of ["checksums", "command"] as const) {
    const run = (outcome: "complete" | "failed" | "skipped", startedAt: Instant) =>
      health({
        kind,
        newestGoodAt: outcome === "complete" ? startedAt : after(-dayMs),
        lastRun: { outcome, startedAt },
      });
    assert.equal(run("complete", slot).rule, "fresh");
    assert.equal(run("failed", slot).rule, "last-run");
    assert.equal(run("skipped", slot).rule, "last-run");
    assert.equal(run("complete", after(-1)).rule, "slot");
    assert.equal(health({ kind, newestGoodAt: null, lastRun: null }).rule, "slot");
  }
});

test("backups of which none is good are no new job, though no run is remembered", () => {
  const rotten = { newestGoodAt: null, lastRun: null, knownSince: after(1) };
  assert.deepEqual(health(rotten), {
    healthy: false,
    rule: "none-left",
    reason: "it has backups, but none of them is good",
  });
  assert.equal(health({ ...rotten, hasBackups: false }).rule, "new");
});

test("backups at the destinations that the catalog does not know are told with the way out", () => {
  const lost = { newestGoodAt: null, hasBackups: false, lastRun: null, knownSince: after(1), unlisted: 30 };
  assert.deepEqual(health(lost), {
    healthy: false,
    rule: "unlisted",
    reason: "the catalog knows no backups, and 30 lie at the destinations: run codex-backup catalog rebuild",
  });
  assert.match(health({ ...lost, unlisted: 1 }).reason, /and 1 lies at/);
});

test("a destination that cannot be used makes its job ill, but hides no worse news", () => {
  const found = health({ unusable: ["backups", "mirror"] });
  assert.deepEqual(found, {
    healthy: false,
    rule: "destination",
    reason: 'cannot use "backups", "mirror"',
  });
  assert.equal(health({ unusable: ["backups"], newestGoodAt: after(-dayMs) }).rule, "slot");
});

test("old backups are old also for a job that is known only since its last slot", () => {
  const young = { knownSince: after(5 * hourMs), lastRun: null };
  assert.equal(health({ ...young, newestGoodAt: after(-5 * dayMs) }).rule, "slot");
  assert.equal(health({ ...young, newestGoodAt: after(hourMs) }).rule, "fresh");
  assert.equal(health({ ...young, newestGoodAt: after(-dayMs), now: after(hourMs) }).rule, "fresh");
});

test("an adopted dump of today answers today's slot, whatever the hour; one of yesterday does not", () => {
  const adopted = { knownSince: after(5 * hourMs), lastRun: null, isDatedToTheDay: true };
  const today = after(-2 * hourMs);
  assert.equal(health({ ...adopted, newestGoodAt: today }).rule, "fresh");
  assert.equal(health({ ...adopted, newestGoodAt: instant(today - dayMs) }).rule, "slot");
  assert.equal(health({ ...adopted, newestGoodAt: today, now: after(dayMs + 2 * hourMs) }).rule, "slot");
});

test("a wrong clock of a night that is over only warns", () => {
  assert.deepEqual(health({ misdatedAt: after(9 * hourMs) }), {
    healthy: true,
    rule: "fresh",
    reason:
      "its newest good backup is 6 h old; one made before it is dated 3 h in the future by a wrong clock",
  });
  assert.equal(health({ misdatedAt: after(9 * hourMs), newestGoodAt: after(-dayMs) }).rule, "slot");
});

test("a backup from the future is not fresh for ever", () => {
  assert.equal(health({ newestGoodAt: after(6 * hourMs + minuteMs) }).rule, "fresh");
  const found = health({ newestGoodAt: after(9 * hourMs) });
  assert.deepEqual(found, {
    healthy: false,
    rule: "clock",
    reason: "its newest good one is dated 3 h in the future",
  });
});

test("without anything new happening, a healthy scheduled job becomes ill by itself and stays so", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 400 * hourMs }),
      fc.integer({ min: 0, max: 400 * hourMs }),
      (a, b) => {
        const [early, late] = [Math.min(a, b), Math.max(a, b)].map(
          (ms) => health({ now: after(ms) }).healthy,
        );
        assert.ok(early || !late);
        assert.equal(health({ now: after(dayMs + 2 * hourMs + b) }).healthy, false);
      },
    ),
  );
});
