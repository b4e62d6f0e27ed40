import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { instant } from "../instant.ts";
import { parseCron, slotsBetween } from "../slots/schedule.ts";
import { shiftCron } from "./cron-shift.ts";

const now = instant(Date.UTC(2026, 10, 23));
const nextYear = instant(Date.UTC(2027, 10, 24));

test("a zone that always keeps its distance is written as the host's own time", () => {
  const shifted = (cron: string, from: string, to: string) => shiftCron(cron, { from, to, now });
  assert.deepEqual(shifted("0 2 * * *", "Europe/Berlin", "Europe/Berlin"), {
    kind: "lines",
    lines: ["0 2 * * *"],
  });
  assert.deepEqual(shifted("0 2 * * *", "UTC", "Etc/UTC"), { kind: "lines", lines: ["0 2 * * *"] });
  assert.deepEqual(shifted("0 2 * * *", "Asia/Kolkata", "UTC"), { kind: "lines", lines: ["30 20 * * *"] });
  assert.deepEqual(shifted("0 2 * * 1", "Asia/Tokyo", "UTC"), { kind: "lines", lines: ["0 17 * * 0"] });
  assert.deepEqual(shifted("0 * * * *", "Asia/Tokyo", "UTC"), { kind: "lines", lines: ["0 * * * *"] });
  assert.deepEqual(shifted("0 2 * * *", "Europe/Berlin", "Europe/London"), {
    kind: "lines",
    lines: ["0 1 * * *"],
  });
});

test("a zone whose distance changes with the season is refused", () => {
  const refused = shiftCron("0 2 * * *", { from: "Europe/Berlin", to: "UTC", now });
  assert.ok(refused.kind === "refused");
  assert.match(refused.reason, /Europe\/Berlin and the host's zone UTC/);
});

test("a day of the month that would become another is refused", () => {
  assert.equal(shiftCron("0 4 1 * *", { from: "Asia/Tokyo", to: "UTC", now }).kind, "refused");
  assert.equal(shiftCron("0 12 1 * *", { from: "Asia/Tokyo", to: "UTC", now }).kind, "lines");
});

const minute = fc.oneof(fc.integer({ min: 0, max: 59 }).map(String), fc.constantFrom("*/15", "0,30", "5-7"));
const hour = fc.oneof(
  fc.integer({ min: 0, max: 23 }).map(String),
  fc.constantFrom("*", "*/6", "22-23", "0,12"),
);
const zone = fc.constantFrom(
  "UTC",
  "Asia/Tokyo",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Pacific/Kiritimati",
  "America/Phoenix",
);

test("the lines for another zone name exactly the same moments", () => {
  const weekday = fc.constantFrom("*", "1", "sun", "1-5", "0,6", "*/2");
  const day = fc.constantFrom("*", "1", "*/2", "15,31");
  fc.assert(
    fc.property(fc.tuple(minute, hour, day, weekday), zone, zone, ([m, h, d, w], from, to) => {
      const cron = `${m} ${h} ${d} * ${w}`;
      const shifted = shiftCron(cron, { from, to, now });
      if (shifted.kind === "refused") return assert.notEqual(d, "*");
      const until = instant(Date.UTC(2026, 11, 28));
      const wanted = slotsBetween(parseCron(cron, from), now, until);
      const got = shifted.lines.flatMap((line) => slotsBetween(parseCron(line, to), now, until));
      assert.deepEqual(
        [...new Set(got)].sort((a, b) => a - b),
        wanted,
        `${cron} ${from} ${to}`,
      );
    }),
    { numRuns: 60 },
  );
});

test("two zones that change together keep the same moments over a year", () => {
  const shifted = shiftCron("30 2 * * *", { from: "Europe/Berlin", to: "Europe/London", now });
  assert.ok(shifted.kind === "lines");
  assert.deepEqual(
    slotsBetween(parseCron(shifted.lines[0] ?? "", "Europe/London"), now, nextYear),
    slotsBetween(parseCron("30 2 * * *", "Europe/Berlin"), now, nextYear),
  );
});
