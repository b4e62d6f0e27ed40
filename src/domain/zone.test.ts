import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Instant, instant } from "./instant.ts";
import { type CalendarUnit, createZone } from "./zone.ts";

const minuteMs = 60_000;
const at = (text: string): Instant => instant(Date.parse(text));
const berlin = createZone("Europe/Berlin");

/** Another implementation to compare with: the wall clock as Intl prints it. */
function wallText(zone: string, moment: Instant): string {
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "medium",
  });
  return format.format(moment);
}

test("the offset gives the wall clock that Intl prints, in zones of every kind", () => {
  const zones = [
    "UTC",
    "Europe/Berlin",
    "America/St_Johns",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
  ];
  const moments = fc.integer({ min: Date.UTC(1995, 0), max: Date.UTC(2035, 0) });
  for (const name of zones) {
    const zone = createZone(name);
    fc.assert(
      fc.property(moments, (epochMs) => {
        const moment = instant(epochMs);
        const wall = new Date(moment + zone.offsetMs(moment)).toISOString().slice(0, 19).replace("T", " ");
        assert.equal(wall, wallText(name, moment));
      }),
    );
  }
});

test("the offset is right to the second at both changes of a year", () => {
  assert.equal(berlin.offsetMs(at("2026-03-29T00:59:59.999Z")), 60 * minuteMs);
  assert.equal(berlin.offsetMs(at("2026-03-29T01:00:00.000Z")), 120 * minuteMs);
  assert.equal(berlin.offsetMs(at("2026-10-25T00:59:59.999Z")), 120 * minuteMs);
  assert.equal(berlin.offsetMs(at("2026-10-25T01:00:00.000Z")), 60 * minuteMs);
});

function same(unit: CalendarUnit, left: string, right: string): boolean {
  return berlin.bucketOf(at(left), unit) === berlin.bucketOf(at(right), unit);
}

test("days turn at midnight of the zone, not of UTC", () => {
  assert.ok(same("day", "2026-11-22T23:00:00Z", "2026-11-23T22:59:59Z"));
  assert.ok(!same("day", "2026-11-22T22:59:59Z", "2026-11-22T23:00:00Z"));
});

test("weeks begin on Monday and run across the turn of the year", () => {
  assert.ok(same("week", "2025-12-29T12:00:00Z", "2026-01-04T12:00:00Z"));
  assert.ok(!same("week", "2026-01-04T12:00:00Z", "2026-01-05T12:00:00Z"));
});

test("months and years turn in the zone, and January is not January of another year", () => {
  assert.ok(same("month", "2025-12-31T23:00:00Z", "2026-01-31T22:59:59Z"));
  assert.ok(!same("month", "2025-12-31T22:59:59Z", "2025-12-31T23:00:00Z"));
  assert.ok(!same("month", "2025-01-15T12:00:00Z", "2026-01-15T12:00:00Z"));
  assert.ok(same("year", "2025-12-31T23:00:00Z", "2026-12-31T22:59:59Z"));
});

test("the doubled hour is two hours, the skipped one none", () => {
  assert.ok(!same("hour", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"));
  assert.ok(same("hour", "2026-10-25T00:00:00Z", "2026-10-25T00:59:59Z"));
  assert.ok(!same("hour", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"));
});

test("a zone that does not exist is refused", () => {
  assert.throws(() => createZone("Europe/Atlantis"), RangeError);
});
