import assert from "node:assert/strict";
import { test } from "node:test";
import { formatInstant, instant } from "../instant.ts";
import { compareTimes, type InstalledTimes, scheduleByUnit } from "./installed-schedule.ts";
import { slotsBetween } from "./schedule.ts";

const now = instant(Date.UTC(2026, 10, 23, 12));
const job = { schedule: "0 2 * * *", timezone: "Europe/Berlin" };

function cron(timezone: string, ...times: readonly string[]): InstalledTimes {
  return {
    by: "cron",
    path: "/etc/cron.d/codex-backup",
    times: times.map((one) => ({ cron: one, timezone })),
    unreadable: [],
  };
}

function slotsOf(installed: InstalledTimes | null, of = job): readonly string[] {
  const schedule = scheduleByUnit(of, installed, now);
  assert.ok(schedule !== null);
  return slotsBetween(schedule, now, instant(now + 86_400_000)).map((slot) =>
    formatInstant(slot).slice(0, 16),
  );
}

test("times that were edited in the installed file win over the config", () => {
  assert.deepEqual(slotsOf(cron("Europe/Berlin", "30 4 * * *")), ["2026-11-24T03:30"]);
  assert.deepEqual(slotsOf(cron("UTC", "30 4 * * *")), ["2026-11-24T04:30"]);
  assert.equal(compareTimes(job, cron("Europe/Berlin", "30 4 * * *"), now), "different");
});

test("a second line of a job gives it a second slot a day", () => {
  assert.deepEqual(slotsOf(cron("Europe/Berlin", "0 2 * * *", "30 14 * * *")), [
    "2026-11-23T13:30",
    "2026-11-24T01:00",
  ]);
});

test("what the config says stays as it is written when the unit means the same", () => {
  for (const same of [cron("Europe/Berlin", "00 2 * * 0-6"), null]) {
    assert.equal(scheduleByUnit(job, same, now)?.cron, "0 2 * * *");
  }
  const tokyo = { schedule: "0 2 * * *", timezone: "Asia/Tokyo" };
  assert.equal(compareTimes(tokyo, cron("UTC", "0 17 * * *"), now), "same");
  assert.equal(scheduleByUnit(tokyo, cron("UTC", "0 17 * * *"), now)?.timezone, "Asia/Tokyo");
});

test("a line that was switched off, or cannot be read, does not make a missing backup look well", () => {
  assert.deepEqual(slotsOf(cron("Europe/Berlin")), ["2026-11-24T01:00"]);
  assert.equal(compareTimes(job, cron("Europe/Berlin"), now), "different");
  const odd: InstalledTimes = { by: "systemd", path: "/x.timer", times: [], unreadable: ["*-*~01 03:00"] };
  assert.deepEqual(slotsOf(odd), ["2026-11-24T01:00"]);
  assert.equal(compareTimes(job, odd, now), "different");
});
