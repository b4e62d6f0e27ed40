import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { noRule } from "../../../tests/fakes/keep-policy.ts";
import { type Instant, instant } from "../instant.ts";
import type { KeepPolicy } from "../jobs/job.ts";
import {
  describeVerdict,
  planRetention,
  type RetainedBackup,
  type RetentionInput,
  removesMost,
  type Verdict,
} from "./retention.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const at = (text: string): Instant => instant(Date.parse(text));
const now = at("2026-11-23T02:00:00Z");
function backup(createdAt: Instant, changes: Partial<RetainedBackup> = {}): RetainedBackup {
  const good = {
    outcome: "complete",
    isWhole: true,
    level: "hashed",
    isHeld: false,
    isProven: false,
    isSuspect: false,
    sizeBytes: 10,
  } as const;
  return { id: new Date(createdAt).toISOString(), createdAt, ...good, ...changes };
}

/** One backup a day, newest first, the first one now. */
function nights(count: number, changes: Partial<RetainedBackup> = {}): readonly RetainedBackup[] {
  return Array.from({ length: count }, (_, index) => backup(instant(now - index * dayMs), changes));
}

function plan(
  backups: readonly RetainedBackup[],
  policy: Partial<KeepPolicy>,
  changes: Partial<RetentionInput<RetainedBackup>> = {},
): readonly Verdict<RetainedBackup>[] {
  const basis = { now, lastSeenNow: now, zone: "UTC", newestIsSuspect: false };
  return planRetention({ ...basis, backups, policy: { ...noRule, ...policy }, ...changes });
}

const ids = (verdicts: readonly Verdict<RetainedBackup>[], verdict: "keep" | "remove") =>
  verdicts.filter((one) => one.verdict === verdict).map((one) => one.backup.id);
const keptDays = (verdicts: readonly Verdict<RetainedBackup>[]) =>
  ids(verdicts, "keep").map((id) => id.slice(0, 10));
const wordsOf = (verdicts: readonly Verdict<RetainedBackup>[]) => verdicts.map(describeVerdict);

test("days keeps what is exactly so old and removes what is a millisecond older", () => {
  const edge = backup(instant(now - 30 * dayMs));
  const over = backup(instant(now - 30 * dayMs - 1));
  assert.deepEqual(wordsOf(plan([backup(now), edge, over], { days: 30 })), [
    "kept: newest good 1 of 1, within 30 days",
    "kept: within 30 days",
    "removed: older than 30 days",
  ]);
});

test("F91: a month without a backup expires nothing: age counts from the newest good one", () => {
  const old = nights(30).map((one) => backup(instant(one.createdAt - 40 * dayMs)));
  const verdicts = plan(old, { days: 30 }, { lastSeenNow: instant(now - hourMs) });
  assert.deepEqual(ids(verdicts, "remove"), []);
});

test("F92: failed nights do not use up the places of good ones", () => {
  const bad = nights(5, { outcome: "incomplete" });
  const good = Array.from({ length: 3 }, (_, index) => backup(instant(now - (10 + index) * dayMs)));
  const verdicts = plan([...bad, ...good], { last: 3 });
  assert.deepEqual(ids(verdicts, "remove"), []);
  assert.match(wordsOf(verdicts)[0] ?? "", /no newer good one exists/);
});

test("incomplete and damaged ones go once a newer good one exists and no window of days covers them", () => {
  const backups = [
    backup(now),
    backup(instant(now - dayMs), { outcome: "incomplete" }),
    backup(instant(now - 2 * dayMs), { isWhole: false }),
  ];
  assert.deepEqual(wordsOf(plan(backups, { last: 5 })).slice(1), [
    "removed: incomplete, and a newer good one exists",
    "removed: damaged, and a newer good one exists",
  ]);
  assert.deepEqual(ids(plan(backups, { days: 7 }), "remove"), []);
});

test("a copy that nobody has read back stands in for no good one, and goes when a newer good one exists", () => {
  const unread = backup(now, { level: "stored" });
  const older = backup(instant(now - 2 * dayMs), { level: "stored" });
  assert.deepEqual(wordsOf(plan([unread, backup(instant(now - dayMs)), older], { last: 1 })), [
    "kept: no newer good one exists",
    "kept: newest good 1 of 1, last 1 of 1",
    "removed: never read back, and a newer good one exists",
  ]);
});

test("the calendar rules keep the newest of each unit, in the job's zone", () => {
  // 23:30 UTC on Sunday the 22nd is Monday the 23rd in Berlin
  const sunday = backup(at("2026-11-22T23:30:00Z"));
  const monday = backup(at("2026-11-23T01:00:00Z"));
  const sundayNoon = backup(at("2026-11-22T12:00:00Z"));
  const backups = [monday, sunday, sundayNoon];
  const berlin = plan(backups, { weekly: 2 }, { zone: "Europe/Berlin" });
  const utc = plan(backups, { weekly: 2 });
  assert.deepEqual(ids(berlin, "keep"), [monday.id, sundayNoon.id]);
  assert.deepEqual(ids(utc, "keep"), [monday.id, sunday.id]);
});

test("grandfather, father and son over two years of nights", () => {
  const verdicts = plan(nights(730), { daily: 3, weekly: 3, monthly: 3, yearly: 2 });
  // the 23rd is a Monday, so its week has only itself
  assert.deepEqual(keptDays(verdicts), [
    "2026-11-23",
    "2026-11-22",
    "2026-11-21",
    "2026-11-15",
    "2026-10-31",
    "2026-09-30",
    "2025-12-31",
  ]);
  assert.equal(wordsOf(verdicts)[1], "kept: daily 2 of 3, weekly 2 of 3");
});

test("F94: a policy run every night for two years promotes: its weeklies, monthlies and yearlies come to exist", () => {
  const policy = { daily: 7, weekly: 4, monthly: 6, yearly: 2 };
  let backups: readonly RetainedBackup[] = [];
  const start = at("2024-11-23T02:00:00Z");
  for (let night = start as number; night <= now; night += dayMs) {
    const moment = instant(night);
    const verdicts = plan([backup(moment), ...backups], policy, { now: moment, lastSeenNow: moment });
    backups = verdicts.filter((one) => one.verdict === "keep").map((one) => one.backup);
  }
  const kept = backups.map((one) => one.id.slice(0, 10));
  assert.ok(
    ["2026-11-15", "2026-10-31", "2026-06-30", "2025-12-31"].every((day) => kept.includes(day)),
    String(kept),
  );
  assert.ok(kept.length <= 7 + 4 + 6 + 2);
});

test("both passes through a doubled hour are kept by hourly", () => {
  const backups = [backup(at("2026-10-25T01:30:00Z")), backup(at("2026-10-25T00:30:00Z"))];
  assert.deepEqual(ids(plan(backups, { hourly: 2 }, { zone: "Europe/Berlin" }), "remove"), []);
});

test("the newest proven one and whatever is held stay, however old", () => {
  const proven = backup(instant(now - 300 * dayMs), { isProven: true });
  const olderProven = backup(instant(now - 301 * dayMs), { isProven: true });
  const held = backup(instant(now - 900 * dayMs), { isHeld: true });
  const verdicts = plan([...nights(5), proven, olderProven, held], { last: 5 });
  assert.deepEqual(ids(verdicts, "remove"), [olderProven.id]);
  assert.deepEqual(wordsOf(verdicts).slice(5), [
    "kept: newest proven",
    "removed: no rule keeps it",
    "kept: held",
  ]);
});

test("a proven backup that has rotted does not stand in for the newest proven good one", () => {
  const rotten = backup(instant(now - dayMs), { isProven: true, isWhole: false });
  const proven = backup(instant(now - 2 * dayMs), { isProven: true });
  assert.deepEqual(ids(plan([backup(now), rotten, proven], { last: 1 }), "remove"), [rotten.id]);
});

test("no number in the policy goes below one good backup", () => {
  for (const minimum of [0, -3, 1]) {
    const verdicts = plan(nights(5), { days: 0, last: 0, minimum });
    assert.equal(ids(verdicts, "keep").length, 1);
  }
});

test("without a rule everything is kept", () => {
  assert.deepEqual(ids(plan(nights(100, { outcome: "incomplete" }), { minimum: 3 }), "remove"), []);
  assert.deepEqual(ids(plan(nights(100), { minimum: 3 }), "remove"), []);
});

test("F101: a minimum of N keeps N at N-1, N and N+1 backups, and none fails at zero and one", () => {
  const keptOf = (count: number) => ids(plan(nights(count), { last: 1, minimum: 3 }), "keep").length;
  assert.deepEqual([0, 1, 2, 3, 4].map(keptOf), [0, 1, 2, 3, 3]);
});

test("a suspect newest backup holds all removal and says so", () => {
  const verdicts = plan(nights(10), { last: 2 }, { newestIsSuspect: true });
  assert.deepEqual(ids(verdicts, "remove"), []);
  assert.equal(wordsOf(verdicts)[5], "kept: the newest backup is suspect");
});

test("a clock that went back removes nothing; one that was set by seconds does not matter", () => {
  const later = (ms: number) => plan(nights(10), { last: 2 }, { lastSeenNow: instant(now + ms) });
  assert.deepEqual(ids(later(60_001), "remove"), []);
  assert.match(wordsOf(later(3 * hourMs))[5] ?? "", /clock went back by 3 h/);
  assert.equal(ids(later(60_000), "remove").length, 8);
});

test("F103: a clock that jumped ahead removes nothing: the limit is two days or three slots", () => {
  const seen = (agoMs: number, usualIntervalMs?: number) =>
    ids(
      plan(
        nights(10),
        { last: 2 },
        {
          lastSeenNow: instant(now - agoMs),
          ...(usualIntervalMs !== undefined && { usualIntervalMs }),
        },
      ),
      "remove",
    ).length;
  assert.equal(seen(2 * dayMs), 8);
  assert.equal(seen(2 * dayMs + 1), 0);
  assert.equal(seen(21 * dayMs, 7 * dayMs), 8);
  assert.equal(seen(21 * dayMs + 1, 7 * dayMs), 0);
});

test("the nights after a jump remove nothing either, until three good runs stand after it", () => {
  const jumped = 400 * dayMs;
  const before = nights(10).map((one) => backup(instant(one.createdAt - jumped)));
  const removedOnNight = (night: number) => {
    const after = nights(night);
    const backups = [...after, ...before];
    const goodRunsAt = backups.map((one) => one.createdAt);
    const lastSeenNow = instant(now - dayMs);
    return ids(plan(backups, { days: 30 }, { goodRunsAt, lastSeenNow, usualIntervalMs: dayMs }), "remove")
      .length;
  };
  assert.deepEqual([1, 2, 3].map(removedOnNight), [0, 0, 10]);
});

test("F104: a backup dated in the future is kept, counts for nothing, and does not block the others for ever", () => {
  const future = backup(instant(now + 400 * dayMs));
  const verdicts = plan([future, ...nights(5)], { last: 2 });
  assert.deepEqual(wordsOf(verdicts).slice(0, 2), [
    "kept: dated in the future",
    "kept: newest good 1 of 1, last 1 of 2",
  ]);
  assert.equal(ids(verdicts, "remove").length, 3);
});

test("with a backup from the future and no run on record, nobody knows which clock is wrong: nothing goes", () => {
  const future = backup(instant(now + 400 * dayMs));
  assert.deepEqual(ids(plan([future, ...nights(5)], { last: 2 }, { lastSeenNow: null }), "remove"), []);
});

test("removing more than half of at least four is told apart", () => {
  assert.equal(removesMost(plan(nights(4), { last: 2 })), false);
  assert.equal(removesMost(plan(nights(4), { last: 1 })), true);
  assert.equal(removesMost(plan(nights(3), { last: 1 })), false);
});

const moments = fc.integer({ min: now - 800 * dayMs, max: now + 3 * dayMs });
const someBackups = fc
  .uniqueArray(
    fc.record({
      createdAt: moments.map((epochMs) => instant(epochMs)),
      outcome: fc.constantFrom("complete" as const, "complete" as const, "incomplete" as const),
      isWhole: fc.boolean(),
      level: fc.constantFrom("stored" as const, "hashed" as const, "read" as const, "proven" as const),
      isHeld: fc.constantFrom(false, false, false, true),
      isProven: fc.constantFrom(false, false, true),
      isSuspect: fc.constantFrom(false, false, false, true),
    }),
    { selector: (one) => one.createdAt, maxLength: 60 },
  )
  .map((facts) => facts.map((one) => backup(one.createdAt, one)));
const count = fc.option(fc.integer({ min: 0, max: 20 }));
const policies = fc.record({
  days: count,
  last: count,
  hourly: count,
  daily: count,
  weekly: count,
  monthly: count,
  yearly: count,
  sizeBytes: fc.constant(null),
  minimum: fc.integer({ min: -1, max: 5 }),
});
const zones = fc.constantFrom("UTC", "Europe/Berlin", "Australia/Lord_Howe");

test("F98: each backup gets exactly one verdict and a reason, newest first, in whatever order it came", () => {
  fc.assert(
    fc.property(someBackups, policies, zones, (backups, policy, zone) => {
      const verdicts = plan(backups, policy, { zone });
      assert.deepEqual(new Set(verdicts.map((one) => one.backup)), new Set(backups));
      assert.equal(verdicts.length, backups.length);
      assert.ok(verdicts.every((one) => one.reasons.length > 0));
      const reversed = plan([...backups].reverse(), policy, { zone });
      assert.deepEqual(reversed, verdicts);
    }),
  );
});

test("the newest good, the newest proven good, and the held are never removed", () => {
  fc.assert(
    fc.property(someBackups, policies, zones, (backups, policy, zone) => {
      const removed = new Set(ids(plan(backups, policy, { zone }), "remove"));
      const newest = [...backups]
        .sort((a, b) => b.createdAt - a.createdAt)
        .filter((one) => one.createdAt <= now);
      const isRead = (one: RetainedBackup) => one.level !== "stored";
      const good = newest.filter((one) => one.isWhole && one.outcome === "complete" && isRead(one));
      const precious = [good[0], good.find((one) => one.isProven), ...backups.filter((one) => one.isHeld)];
      for (const one of precious) if (one) assert.ok(!removed.has(one.id), one.id);
      if (good.length === 0) assert.equal(removed.size, 0);
    }),
  );
});

test("a suspect backup is never the reason that a good one goes, and its own newest proven one stays", () => {
  fc.assert(
    fc.property(someBackups, policies, zones, (backups, policy, zone) => {
      const trusted = backups.filter(({ isSuspect }) => !isSuspect);
      const isGood = ({ outcome, isWhole, level }: RetainedBackup) =>
        outcome === "complete" && isWhole && level !== "stored";
      const without = new Set(ids(plan(trusted, policy, { zone }), "remove"));
      const removed = plan(backups, policy, { zone }).filter(({ verdict }) => verdict === "remove");
      for (const { backup: gone } of removed)
        if (!gone.isSuspect && isGood(gone)) assert.ok(without.has(gone.id), gone.id);
      const [proven] = backups
        .filter((one) => one.isProven && isGood(one) && one.createdAt <= now)
        .toSorted((a, b) => b.createdAt - a.createdAt);
      assert.ok(!removed.some((one) => one.backup === proven));
    }),
  );
});

test("a suspect backup that was healed stays for as long as the rules would keep it, beside the others", () => {
  const [newest, second, third, ...older] = nights(7);
  assert.ok(newest && second && third);
  const backups = [newest, { ...second, isSuspect: true }, third, ...older];
  assert.deepEqual(wordsOf(plan(backups, { last: 3, minimum: 2 })), [
    "kept: newest good 1 of 2, last 1 of 3",
    "kept: last 2 of 3",
    "kept: newest good 2 of 2, last 2 of 3",
    "kept: last 3 of 3",
    "removed: no rule keeps it",
    "removed: no rule keeps it",
    "removed: no rule keeps it",
  ]);
  const aged = [newest, third, ...older, backup(instant(now - 40 * dayMs), { isSuspect: true })];
  assert.match(wordsOf(plan(aged, { days: 30 })).at(-1) ?? "", /^removed: older than 30 days$/);
});

test("a stricter policy never keeps what a laxer one removes", () => {
  fc.assert(
    fc.property(someBackups, policies, policies, (backups, left, right) => {
      // with a rule set on both sides, null means the same as 0
      const merge = (choose: (...values: readonly number[]) => number): KeepPolicy => ({
        days: choose(left.days ?? 0, right.days ?? 0),
        last: choose(left.last ?? 0, right.last ?? 0),
        hourly: choose(left.hourly ?? 0, right.hourly ?? 0),
        daily: choose(left.daily ?? 0, right.daily ?? 0),
        weekly: choose(left.weekly ?? 0, right.weekly ?? 0),
        monthly: choose(left.monthly ?? 0, right.monthly ?? 0),
        yearly: choose(left.yearly ?? 0, right.yearly ?? 0),
        sizeBytes: null,
        minimum: choose(left.minimum, right.minimum),
      });
      const strict = merge(Math.min);
      const lax = merge(Math.max);
      const keptByLax = new Set(ids(plan(backups, lax), "keep"));
      for (const id of ids(plan(backups, strict), "keep")) assert.ok(keptByLax.has(id), id);
    }),
  );
});

test("planning again after removal removes nothing more", () => {
  fc.assert(
    fc.property(someBackups, policies, (backups, policy) => {
      const kept = plan(backups, policy).filter((one) => one.verdict === "keep");
      const again = plan(
        kept.map((one) => one.backup),
        policy,
      );
      assert.deepEqual(ids(again, "remove"), []);
    }),
  );
});

test("a hundred thousand backups are planned in a tenth of a second", () => {
  const backups = Array.from({ length: 100_000 }, (_, index) => backup(instant(now - index * hourMs)));
  const policy = { days: 30, last: 10, hourly: 48, daily: 30, weekly: 52, monthly: 60, yearly: 20 };
  const timesMs = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    plan(backups, policy, { zone: "Europe/Berlin" });
    const used = process.cpuUsage(before);
    return (used.user + used.system) / 1000;
  });
  assert.ok(Math.min(...timesMs) <= 100, `${timesMs} ms`);
});
