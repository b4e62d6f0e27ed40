import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../failure.ts";
import { formatInstant, type Instant, instant, parseInstant } from "../instant.ts";
import { instantOfWall, isTimezone, wallTime, wallTimeOf } from "../local-time.ts";
import {
  describeSchedule,
  findCronProblem,
  nextSlot,
  parseCron,
  previousSlot,
  slotsBetween,
} from "./schedule.ts";

/** Half-hour shifts, shifts at midnight, shifts in the south, no shift at all, a zone beyond +12. */
const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/Santiago",
  "Australia/Lord_Howe",
  "Africa/Casablanca",
  "Asia/Kathmandu",
  "Pacific/Apia",
  "Africa/Cairo",
];
const crons = [
  "30 2 * * *",
  "0 0 * * *",
  "15 1 * * 0",
  "*/15 * * * *",
  "0 2 1,15 * MON",
  "30 23 * * *",
  "0 3 29 2 *",
];
const dayMs = 86_400_000;

function at(text: string): Instant {
  const found = parseInstant(text);
  assert.ok(found !== null, text);
  return found;
}

function slots(cron: string, zone: string, span: readonly [string, string]): readonly string[] {
  const found = slotsBetween(parseCron(cron, zone), at(span[0]), at(span[1]));
  return found.map((slot) => formatInstant(slot).slice(0, 16));
}

test("a time that is skipped in spring runs once, right after the gap", () => {
  assert.deepEqual(slots("30 2 * * *", "Europe/Berlin", ["2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z"]), [
    "2026-03-28T01:30",
    "2026-03-29T01:00",
    "2026-03-30T00:30",
  ]);
});

test("a time that comes twice in autumn runs at its first occurrence only", () => {
  assert.deepEqual(slots("30 2 * * *", "Europe/Berlin", ["2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z"]), [
    "2026-10-24T00:30",
    "2026-10-25T00:30",
    "2026-10-26T01:30",
  ]);
});

test("the whole skipped hour of a quarter-hourly job is one slot", () => {
  assert.deepEqual(slots("*/30 * * * *", "Europe/Berlin", ["2026-03-29T00:00:00Z", "2026-03-29T01:59:00Z"]), [
    "2026-03-29T00:30",
    "2026-03-29T01:00",
    "2026-03-29T01:30",
  ]);
});

test("midnight that does not exist in Chile still gives its day a slot", () => {
  assert.deepEqual(slots("0 0 * * *", "America/Santiago", ["2026-09-05T00:00:00Z", "2026-09-08T00:00:00Z"]), [
    "2026-09-05T04:00",
    "2026-09-06T04:00",
    "2026-09-07T03:00",
  ]);
});

test("a day that a zone left out falls to the moment after it", () => {
  assert.deepEqual(slots("0 12 * * *", "Pacific/Apia", ["2011-12-29T00:00:00Z", "2012-01-01T00:00:00Z"]), [
    "2011-12-29T22:00",
    "2011-12-30T10:00",
    "2011-12-30T22:00",
    "2011-12-31T22:00",
  ]);
});

const moments = fc.integer({ min: Date.UTC(2015, 0, 1), max: Date.UTC(2035, 0, 1) }).map((ms) => instant(ms));

test("next and previous slots enclose every moment, with nothing between them", () => {
  fc.assert(
    fc.property(fc.constantFrom(...crons), fc.constantFrom(...zones), moments, (cron, zone, now) => {
      const schedule = parseCron(cron, zone);
      const next = nextSlot(schedule, now);
      const previous = previousSlot(schedule, now);
      assert.ok(next !== null && previous !== null);
      assert.ok(previous <= now && now < next);
      assert.equal(nextSlot(schedule, previous), next);
      assert.equal(previousSlot(schedule, next), next);
      assert.equal(previousSlot(schedule, instant(next - 1)), previous);
    }),
    { numRuns: 300 },
  );
});

test("a daily job has exactly one slot on every local day, in every zone", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones.filter((zone) => zone !== "Pacific/Apia")),
      fc.integer({ min: 0, max: 23 }),
      fc.integer({ min: 0, max: 59 }),
      fc.integer({ min: 2015, max: 2034 }),
      (zone, hour, minute, year) => {
        const schedule = parseCron(`${minute} ${hour} * * *`, zone);
        const from = instantOfWall(wallTime(Date.UTC(year, 0, 1) - 1000), zone);
        const until = instantOfWall(wallTime(Date.UTC(year + 1, 0, 1) - 1000), zone);
        const days = slotsBetween(schedule, from, until).map((slot) =>
          new Date(wallTimeOf(slot, zone)).toISOString().slice(0, 10),
        );
        const length = (Date.UTC(year + 1, 0, 1) - Date.UTC(year, 0, 1)) / dayMs;
        assert.equal(days.length, length);
        assert.equal(new Set(days).size, length);
      },
    ),
    { numRuns: 25 },
  );
});

test("wall time and moment belong together, and moments never go back while wall time goes on", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      moments,
      fc.integer({ min: 0, max: 2 * dayMs }),
      (zone, now, laterMs) => {
        const wall = wallTimeOf(now, zone);
        const first = instantOfWall(wall, zone);
        assert.equal(wallTimeOf(first, zone), wall);
        assert.ok(first <= now);
        assert.ok(instantOfWall(wallTime(wall + laterMs), zone) >= first);
      },
    ),
  );
});

test("only the five fields that cron knows are taken", () => {
  for (const cron of [
    "0 2 * * *",
    "*/5 0-6,20 1,15 jan-MAR *",
    "0 2 * * 7",
    "0 2 * * mon-fri",
    "0 2 29 2 *",
    " 0  2 * * * ",
  ]) {
    assert.equal(findCronProblem(cron), null, cron);
  }
  const refused: Readonly<Record<string, RegExp>> = {
    "0 0 2 * * *": /six fields.*"0 2 \* \* \*"/,
    "0 2 * *": /4 fields/,
    "@daily": /nickname/,
    "0 2 L * *": /"L"/,
    "0 2 * * MON#2": /no such field/,
    "0 2 ? * *": /no such field/,
    "60 2 * * *": /60/,
    "0 22-2 * * *": /22-2/,
    "0 2 30 2 *": /never comes/,
    "": /1 field/,
  };
  for (const [cron, reason] of Object.entries(refused)) {
    assert.match(findCronProblem(cron) ?? "none", reason, cron);
    assert.throws(
      () => parseCron(cron, "UTC"),
      (error) => error instanceof Failure && error.code === "config.invalid",
    );
  }
  assert.throws(() => parseCron("0 2 * * *", "Europe/Berlni"), /zone "Europe\/Berlni" is unknown/);
  assert.equal(isTimezone("Europe/Berlni"), false);
});

test("two restricted day fields mean either, but a starred step means both, as in Debian's cron", () => {
  const week: readonly [string, string] = ["2026-11-01T00:00:00Z", "2026-11-10T00:00:00Z"];
  assert.deepEqual(slots("0 2 5 * MON", "UTC", week), [
    "2026-11-02T02:00",
    "2026-11-05T02:00",
    "2026-11-09T02:00",
  ]);
  assert.deepEqual(slots("0 2 */2 * MON", "UTC", week), ["2026-11-09T02:00"]);
});

test("a schedule in words always names its zone", () => {
  assert.equal(describeSchedule(parseCron("0 2 * * *", "Europe/Berlin")), "At 02:00 (Europe/Berlin)");
});
