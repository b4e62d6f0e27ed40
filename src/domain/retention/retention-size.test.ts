import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { noRule } from "../../../tests/fakes/keep-policy.ts";
import { type Instant, instant } from "../instant.ts";
import type { KeepPolicy } from "../jobs/job.ts";
import { planRetention, planTogether, type RetainedBackup, type Verdict } from "./retention.ts";
import { type SizeNeed, shareSize } from "./retention-size.ts";

const dayMs = 86_400_000;
const now = instant(Date.parse("2026-11-23T02:00:00Z"));
function backup(createdAt: Instant, changes: Partial<RetainedBackup> = {}): RetainedBackup {
  const marks = { isHeld: false, isProven: false, isSuspect: false } as const;
  const good = { outcome: "complete", isWhole: true, level: "read", ...marks } as const;
  return { id: String(createdAt), createdAt, sizeBytes: 1, ...good, ...changes };
}

const inputOf = (backups: readonly RetainedBackup[], policy: Partial<KeepPolicy>) => ({
  backups,
  policy: { ...noRule, ...policy },
  now,
  lastSeenNow: now,
  zone: "UTC",
  newestIsSuspect: false,
});
const plan = (backups: readonly RetainedBackup[], policy: Partial<KeepPolicy>) =>
  planRetention(inputOf(backups, policy));
const keptOf = (verdicts: readonly Verdict<RetainedBackup>[]) =>
  verdicts.filter(({ verdict }) => verdict === "keep").map((one) => one.backup);
const idsOf = (backups: readonly RetainedBackup[]) => new Set(backups.map(({ id }) => id));
const bytesOf = (backups: readonly RetainedBackup[]) =>
  backups.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

const someBackups = fc
  .uniqueArray(
    fc.record({
      createdAt: fc.integer({ min: now - 400 * dayMs, max: now + 2 * dayMs }).map((ms) => instant(ms)),
      outcome: fc.constantFrom("complete" as const, "complete" as const, "incomplete" as const),
      isWhole: fc.constantFrom(true, true, true, false),
      isHeld: fc.constantFrom(false, false, false, false, true),
      isProven: fc.constantFrom(false, false, true),
      isSuspect: fc.constantFrom(false, false, false, true),
      sizeBytes: fc.integer({ min: 0, max: 100 }),
    }),
    { selector: (one) => one.createdAt, maxLength: 40 },
  )
  .map((facts) => facts.map((one) => backup(one.createdAt, one)));
const count = fc.option(fc.integer({ min: 0, max: 12 }));
const rules = fc.record({
  days: count,
  last: count,
  daily: count,
  weekly: count,
  monthly: count,
  minimum: fc.integer({ min: 1, max: 4 }),
});
const limits = fc.integer({ min: 0, max: 2000 });

test("with a size, what is kept fits into it, unless what nobody may remove is larger by itself", () => {
  fc.assert(
    fc.property(someBackups, rules, limits, (backups, policy, sizeBytes) => {
      const floors = bytesOf(keptOf(plan(backups, { ...policy, sizeBytes: 0 })));
      assert.ok(bytesOf(keptOf(plan(backups, { ...policy, sizeBytes }))) <= Math.max(sizeBytes, floors));
    }),
  );
});

test("a size never keeps what the other rules do not want, and a smaller one never more than a larger", () => {
  fc.assert(
    fc.property(someBackups, rules, limits, limits, (backups, policy, left, right) => {
      const hasOther = [policy.days, policy.last, policy.daily, policy.weekly, policy.monthly].some(
        (rule) => rule !== null,
      );
      const small = keptOf(plan(backups, { ...policy, sizeBytes: Math.min(left, right) }));
      const large = idsOf(keptOf(plan(backups, { ...policy, sizeBytes: Math.max(left, right) })));
      for (const { id } of small) assert.ok(large.has(id), id);
      const unlimited = idsOf(keptOf(plan(backups, policy)));
      if (hasOther) for (const id of large) assert.ok(unlimited.has(id), id);
    }),
  );
});

test("what a size removes is older than what it keeps of its kind beyond the floors; what is suspect goes first", () => {
  fc.assert(
    fc.property(someBackups, limits, (backups, sizeBytes) => {
      const verdicts = plan(backups, { sizeBytes });
      const floors = idsOf(keptOf(plan(backups, { sizeBytes: 0 })));
      const kept = keptOf(verdicts).filter(({ id }) => !floors.has(id));
      const cut = verdicts.filter(({ reasons }) => reasons.some((reason) => reason.startsWith("no room")));
      for (const { backup: gone } of cut) {
        const alike = kept.filter(({ isSuspect }) => isSuspect === gone.isSuspect);
        assert.ok(gone.createdAt <= Math.min(...alike.map(({ createdAt }) => createdAt)), gone.id);
        if (!gone.isSuspect) assert.ok(!kept.some(({ isSuspect }) => isSuspect), gone.id);
      }
    }),
  );
});

test("planning again within the same size removes nothing more, and the order of input does not matter", () => {
  fc.assert(
    fc.property(someBackups, rules, limits, (backups, policy, sizeBytes) => {
      const kept = keptOf(plan(backups, { ...policy, sizeBytes }));
      assert.deepEqual(idsOf(keptOf(plan([...kept].reverse(), { ...policy, sizeBytes }))), idsOf(kept));
    }),
  );
});

test("night after night within a size, what is left fits, holds what is held and has the newest good one", () => {
  fc.assert(
    fc.property(someBackups, rules, limits, (backups, policy, sizeBytes) => {
      let left: readonly RetainedBackup[] = [];
      const seen: RetainedBackup[] = [];
      for (const made of backups.toSorted((a, b) => a.createdAt - b.createdAt)) {
        seen.push(made);
        const night = { now: made.createdAt, lastSeenNow: made.createdAt };
        const planWithin = (size: number) =>
          planRetention({ ...inputOf([...left, made], { ...policy, sizeBytes: size }), ...night });
        const floors = bytesOf(keptOf(planWithin(0)));
        left = keptOf(planWithin(sizeBytes));
        assert.ok(bytesOf(left) <= Math.max(sizeBytes, floors));
        const ids = idsOf(left);
        for (const { id, isHeld } of seen) if (isHeld) assert.ok(ids.has(id), `held ${id}`);
        const newestGood = seen.findLast((one) => one.outcome === "complete" && one.isWhole);
        if (newestGood) assert.ok(ids.has(newestGood.id), `newest good ${newestGood.id}`);
        const newestProven = seen.findLast(
          (one) => one.isProven && one.outcome === "complete" && one.isWhole,
        );
        if (newestProven) assert.ok(ids.has(newestProven.id), `newest proven ${newestProven.id}`);
      }
    }),
  );
});

const needs = fc
  .record({ floorBytes: fc.integer({ min: 0, max: 500 }), moreBytes: fc.integer({ min: 0, max: 5000 }) })
  .map(({ floorBytes, moreBytes }): SizeNeed => ({ floorBytes, wantedBytes: floorBytes + moreBytes }));

test("shares of a size cover the floors, stay within it where they can, and leave nothing that is wanted", () => {
  fc.assert(
    fc.property(fc.array(needs, { maxLength: 8 }), limits, (wanted, limit) => {
      const shares = shareSize(limit, wanted);
      const total = shares.reduce((sum, share) => sum + share, 0);
      const floors = wanted.reduce((sum, need) => sum + need.floorBytes, 0);
      const all = wanted.reduce((sum, need) => sum + need.wantedBytes, 0);
      const part = Math.floor(limit / wanted.length);
      const beyond = wanted.reduce((sum, need) => sum + Math.max(0, need.floorBytes - part), 0);
      assert.ok(total <= limit + beyond, "only floors larger than an equal part go beyond it");
      for (const [index, need] of wanted.entries()) {
        const share = shares[index] ?? -1;
        assert.ok(need.floorBytes <= share && share <= need.wantedBytes);
        assert.ok(share >= Math.min(need.wantedBytes, part), "an equal part is each one's own");
      }
      if (floors <= limit) assert.ok(total >= Math.min(all, limit) - wanted.length, `${total} of ${limit}`);
    }),
  );
});

test("F95: a database that grows shortens its own history, never that of its neighbours", () => {
  const nights = (sizeBytes: number) =>
    Array.from({ length: 30 }, (_, index) => backup(instant(now - index * dayMs), { sizeBytes }));
  const keptWith = (bigBytes: number) =>
    planTogether([nights(1), nights(2), nights(bigBytes)].map((one) => inputOf(one, { sizeBytes: 300 }))).map(
      (verdicts) => keptOf(verdicts).length,
    );
  assert.deepEqual(keptWith(5), [30, 30, 30]);
  assert.deepEqual(keptWith(10), [30, 30, 21]);
  assert.deepEqual(keptWith(1000), [30, 30, 1]);
});

test("the words say how much of the limit is a database's own", () => {
  const nights = Array.from({ length: 6 }, (_, index) =>
    backup(instant(now - index * dayMs), { sizeBytes: 10 }),
  );
  const [verdicts = []] = planTogether([nights, nights].map((one) => inputOf(one, { sizeBytes: 60 })));
  assert.deepEqual(verdicts.at(-1)?.reasons, ["no room in its 30 B of 60 B"]);
  assert.deepEqual(verdicts[1]?.reasons, ["within 60 B"]);
});

test("what is suspect has the room that the others leave", () => {
  const at = (day: number) => instant(now - day * dayMs);
  const suspect = backup(at(1), { isSuspect: true, sizeBytes: 4 });
  const others = [0, 2, 3, 4].map((day) => backup(at(day), { sizeBytes: 2 }));
  const kept = (sizeBytes: number) => idsOf(keptOf(plan([suspect, ...others], { sizeBytes, minimum: 1 })));
  assert.deepEqual(kept(8), idsOf(others));
  assert.deepEqual(kept(12), idsOf([suspect, ...others]));
});
