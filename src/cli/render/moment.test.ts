import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Instant, instant, parseInstant } from "../../domain/instant.ts";
import { ago, describeDay, describeMoment, describeUpcoming } from "./moment.ts";

function at(text: string): Instant {
  const found = parseInstant(text);
  assert.ok(found !== null, text);
  return found;
}

test("a moment bears the offset of its zone, on both sides of a change and west of Greenwich", () => {
  assert.equal(describeMoment(at("2026-11-23T01:00:00Z"), "Europe/Berlin"), "2026-11-23 02:00 +01:00");
  assert.equal(describeMoment(at("2026-07-01T00:30:00Z"), "Europe/Berlin"), "2026-07-01 02:30 +02:00");
  assert.equal(describeMoment(at("2026-07-01T00:30:00Z"), "America/St_Johns"), "2026-06-30 22:00 -02:30");
  assert.equal(describeMoment(at("2026-10-25T00:30:00Z"), "Europe/Berlin"), "2026-10-25 02:30 +02:00");
  assert.equal(describeMoment(at("2026-10-25T01:30:00Z"), "Europe/Berlin"), "2026-10-25 02:30 +01:00");
});

test("a moment's text names that moment and no other minute, in any zone", () => {
  const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"];
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 2 ** 41 }), (zone, ms) => {
      const [day, time, offset] = describeMoment(instant(ms), zone).split(" ");
      assert.equal(parseInstant(`${day}T${time}:00${offset}`), ms - (ms % 60_000));
    }),
  );
});

test("what comes next is named by the night or the day that people mean", () => {
  const now = at("2026-11-23T07:00:00Z"); // a Monday, eight in the morning in Berlin
  const words = (text: string) => describeUpcoming(at(text), now, "Europe/Berlin");
  assert.equal(words("2026-11-23T13:00:00Z"), "today 14:00");
  assert.equal(words("2026-11-23T21:00:00Z"), "tonight 22:00");
  assert.equal(words("2026-11-24T01:00:00Z"), "tonight 02:00");
  assert.equal(words("2026-11-24T05:00:00Z"), "tomorrow 06:00");
  assert.equal(words("2026-11-25T01:00:00Z"), "Wednesday 02:00");
  assert.equal(words("2026-11-29T04:00:00Z"), "Sunday 05:00");
  assert.equal(words("2026-11-30T07:00:00Z"), "2026-11-30 08:00");
  assert.equal(
    describeUpcoming(at("2026-11-23T04:00:00Z"), at("2026-11-23T00:00:00Z"), "UTC"),
    "tonight 04:00",
  );
});

test("an age below zero is no age", () => {
  assert.equal(ago(6 * 3_600_000), "6 h ago");
  assert.equal(ago(-1), "in the future");
});

test("the day of a measurement is named as people name it, and by its date when that is not clear", () => {
  const now = at("2026-11-23T07:00:00Z");
  const words = (text: string) => describeDay(at(text), now, "Europe/Berlin");
  assert.equal(words("2026-11-22T23:30:00Z"), "today");
  assert.equal(words("2026-11-22T05:00:00Z"), "yesterday");
  assert.equal(words("2026-11-18T05:00:00Z"), "Wednesday");
  assert.equal(words("2026-11-16T05:00:00Z"), "2026-11-16");
});
