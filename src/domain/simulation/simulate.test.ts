import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { noRule } from "../../../tests/fakes/keep-policy.ts";
import { Failure } from "../failure.ts";
import { type Instant, instant } from "../instant.ts";
import type { KeepPolicy } from "../jobs/job.ts";
import type { PlannedCopy } from "../retention/retention-plan.ts";
import { parseCron } from "../slots/schedule.ts";
import { growthOf, sizeAt } from "./growth.ts";
import { type SimulatedDay, simulate } from "./simulate.ts";
import { parseScript, type ScriptEvent } from "./simulate-script.ts";
import { createEffects, createNeeds, stockOf } from "./simulate-summary.ts";
import type { SimulatedJob } from "./simulate-world.ts";

const dayMs = 86_400_000;
const now = instant(Date.parse("2026-11-23T12:00:00Z"));
function copyAt(createdAt: Instant, changes: Partial<PlannedCopy> = {}): PlannedCopy {
  const marks = { isHeld: false, isProven: false, isSuspect: false } as const;
  const good = { outcome: "complete", isWhole: true, level: "read", ...marks } as const;
  return {
    id: `old_${createdAt}`,
    createdAt,
    sizeBytes: 10,
    destination: "here",
    database: null,
    ...good,
    ...changes,
  };
}

function jobWith(keep: Partial<KeepPolicy>, changes: Partial<SimulatedJob> = {}): SimulatedJob {
  const growth = { sizeBytes: 10, bytesPerDay: 0, steps: 5, since: now };
  return {
    name: "capsule",
    zone: "UTC",
    schedule: parseCron("0 2 * * *", "UTC"),
    nameTemplate: "{job}_{date}",
    to: ["here"],
    policyAt: () => ({ ...noRule, ...keep }),
    sources: [{ database: null, growth, runs: [] }],
    copies: [],
    ...changes,
  };
}

function daysOf(job: SimulatedJob, days: number, script = ""): readonly SimulatedDay[] {
  return [...simulate({ now, days, jobs: [job], script: parseScript(script, "script") })];
}

const idsOf = (day: SimulatedDay | undefined) =>
  day?.copies.map(({ id }) => id.replace("capsule_2026-", "")) ?? [];

test("every slot leaves a backup under the name that its run would give it, and takes what is then surplus", () => {
  const days = daysOf(jobWith({ last: 2 }), 4);
  assert.deepEqual(days.map(idsOf), [["11-24"], ["11-24", "11-25"], ["11-25", "11-26"], ["11-26", "11-27"]]);
  assert.deepEqual(
    days[2]?.removed.map(({ reasons }) => reasons),
    [["no rule keeps it"]],
  );
});

test("a name that is taken gets the time of day, as in a run", () => {
  const job = jobWith({ last: 9 }, { schedule: parseCron("0 2,14 * * *", "UTC") });
  assert.deepEqual(idsOf(daysOf(job, 1)[0]), ["11-23", "11-24"]);
  assert.deepEqual(idsOf(daysOf(job, 2)[1]), ["11-23", "11-24", "11-24_140000", "11-25"]);
});

test("failed nights and a host that is down leave nothing and prune nothing", () => {
  const script = `
{"day": 3, "until": 5, "run": "failed"}
{"day": 6, "run": "none"}`;
  const days = daysOf(jobWith({ days: 2 }), 8, script);
  const before = idsOf(days[1]);
  for (const day of [2, 3, 4, 5]) assert.deepEqual(idsOf(days[day]), before, `day ${day + 1}`);
  assert.deepEqual(days[6]?.made.length, 1);
});

test("an incomplete backup stays until a good one, and a suspect one holds pruning", () => {
  const incomplete = daysOf(jobWith({ last: 1 }), 3, '{"day": 2, "run": "incomplete"}');
  assert.deepEqual(incomplete.map(idsOf), [["11-24"], ["11-24", "11-25"], ["11-26"]]);
  const suspect = daysOf(jobWith({ last: 1 }), 3, '{"day": 2, "run": "suspect"}');
  assert.deepEqual(suspect.map(idsOf), [["11-24"], ["11-24", "11-25"], ["11-26"]]);
});

test("a clock that jumps ahead or back takes nothing, and what lies in the future stays", () => {
  const script = `
{"day": 5, "clock": "+365d"}
{"day": 7, "clock": "-365d"}`;
  const days = daysOf(jobWith({ days: 2 }), 12, script);
  for (const day of [5, 6, 7]) assert.deepEqual(days[day - 1]?.removed, [], `day ${day}`);
  const future = days.at(-1)?.copies.filter(({ createdAt }) => createdAt > now + 300 * dayMs);
  assert.equal(future?.length, 2);
});

test("held and proven ones stay until they are released", () => {
  const script = `
{"day": 2, "hold": "latest"}
{"day": 3, "prove": "capsule_2026-11-25"}
{"day": 6, "release": "capsule_2026-11-24"}`;
  const days = daysOf(jobWith({ last: 1 }), 6, script);
  assert.deepEqual(idsOf(days[4]), ["11-24", "11-25", "11-28"]);
  assert.deepEqual(idsOf(days[5]), ["11-25", "11-29"]);
});

test("where more than half would go, nothing goes until a person says yes, and the summary says so", () => {
  const copies = Array.from({ length: 20 }, (_, index) => copyAt(instant(now - index * dayMs)));
  const days = daysOf(jobWith({ last: 3 }, { copies }), 2);
  assert.deepEqual([days[0]?.removed.length, days[0]?.refused.length], [0, 18]);
  const effects = createEffects();
  for (const day of days) effects.add(day);
  assert.ok(effects.all().some(({ verdict, day }) => verdict === "refuse" && day === 1));
});

test("the first day that a rule alone keeps something is told, once", () => {
  const effects = createEffects();
  for (const day of daysOf(jobWith({ daily: 3, weekly: 2 }), 40)) effects.add(day);
  const told = effects.all().map(({ day, verdict, reason }) => [day, verdict, reason]);
  assert.deepEqual(told, [
    [2, "keep", "daily 2 of 3"],
    [4, "remove", "no rule keeps it"],
    [9, "keep", "weekly 2 of 2"],
  ]);
});

test("a disk must hold the new backup before the old one goes; the first day that does not fit is told", () => {
  const growth = { sizeBytes: 1e9, bytesPerDay: 0, steps: 5, since: now };
  const job = jobWith({ last: 2 }, { sources: [{ database: null, growth, runs: [] }] });
  const needWith = (freeBytes: number | null) => {
    const needs = createNeeds({ nowBytes: new Map(), freeBytes: new Map([["here", freeBytes]]) });
    for (const day of daysOf(job, 10)) needs.add(day);
    return needs.all()[0];
  };
  assert.deepEqual(needWith(2.9e9), {
    destination: "here",
    nowBytes: 0,
    peakBytes: 3e9,
    peakDay: 3,
    freeBytes: 2.9e9,
    fullDay: 3,
  });
  assert.equal(needWith(3.1e9)?.fullDay, null);
  assert.equal(needWith(null)?.fullDay, null);
});

test("growth is the median of a job's own steps; one odd night does not bend it", () => {
  const sizes = [100, 110, 120, 5000, 140, 150];
  const backups = sizes.map((sizeBytes, day) => ({ createdAt: instant(now + day * dayMs), sizeBytes }));
  const growth = growthOf(backups.toReversed());
  assert.ok(growth);
  assert.equal(growth.bytesPerDay, 10);
  assert.equal(sizeAt(growth, instant(now + 15 * dayMs)), 250);
  assert.equal(growthOf([]), null);
  assert.equal(growthOf(backups.slice(0, 2))?.bytesPerDay, 0, "one step tells nothing");
  assert.equal(sizeAt({ ...growth, bytesPerDay: -100 }, instant(now + 99 * dayMs)), 0);
});

test("on each day what exists is what was there, and made, less what was removed; nothing precious goes", () => {
  const event: fc.Arbitrary<string> = fc.oneof(
    fc
      .tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom("failed", "incomplete", "suspect", "none"))
      .map(([day, run]) => JSON.stringify({ day, run })),
    fc
      .tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom("+400d", "-400d", "+3d", "-1h"))
      .map(([day, clock]) => JSON.stringify({ day, clock })),
    fc.integer({ min: 1, max: 40 }).map((day) => JSON.stringify({ day, hold: "latest" })),
  );
  const count = fc.option(fc.integer({ min: 1, max: 6 }));
  const keep = fc.record({ days: count, last: count, daily: count, weekly: count, sizeBytes: count });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), keep, (lines, rules) => {
      let there = new Set<string>();
      for (const day of daysOf(jobWith(rules), 40, lines.join("\n"))) {
        for (const { id } of day.made) there.add(id);
        for (const { backup } of day.removed) {
          assert.ok(there.has(backup.id) && !backup.isHeld, backup.id);
          there.delete(backup.id);
        }
        assert.deepEqual(new Set(day.copies.map(({ id }) => id)), there);
        const good = day.copies.filter(({ outcome }) => outcome === "complete");
        const made = day.made.filter(({ outcome }) => outcome === "complete");
        for (const one of made)
          assert.ok(
            good.some(({ id }) => id === one.id),
            "tonight's own backup stays",
          );
        assert.deepEqual(
          stockOf(day).map(({ backups }) => backups),
          there.size === 0 ? [] : [there.size],
        );
        there = new Set(there);
      }
    }),
    { numRuns: 25 },
  );
});

test("an event that cannot be read is named by its line", () => {
  const read = (text: string) => parseScript(text, "bad.jsonl");
  const events: readonly ScriptEvent[] = read('# a comment\n\n{"day": 1, "clock": "-1h"}\n');
  assert.deepEqual(events, [{ day: 1, clock: -3_600_000 }]);
  for (const line of [
    "{",
    '{"day": 0, "run": "failed"}',
    '{"day": 1, "run": "odd"}',
    '{"day": 1, "clock": "1h"}',
    "[]",
  ])
    assert.throws(
      () => read(`# first\n${line}`),
      (error) =>
        error instanceof Failure &&
        error.code === "usage.invalid-value" &&
        /bad\.jsonl:2/.test(error.message),
      line,
    );
});
