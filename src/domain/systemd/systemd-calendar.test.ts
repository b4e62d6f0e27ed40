import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { formatInstant, type Instant, instant } from "../instant.ts";
import { parseCron, slotsBetween } from "../slots/schedule.ts";
import { formatCalendars } from "./systemd-calendar.ts";
import { parseCalendars } from "./systemd-calendar-parse.ts";

const from = instant(Date.UTC(2026, 10, 23, 12));
const until = instant(Date.UTC(2027, 10, 23, 12));

/** When systemd itself says that a timer with these values elapses, in the span. */
function elapses(calendars: readonly string[], count: number, span = { from, until }): readonly Instant[] {
  const base = formatInstant(span.from).slice(0, 19).replace("T", " ");
  const env = { PATH: process.env.PATH, TZ: "UTC" };
  const all = calendars.flatMap((calendar) => {
    const iterations = !/^\d/.test(calendar) ? String(count) : "1";
    const argv = ["calendar", "--base-time", `${base} UTC`, "--iterations", iterations, calendar];
    const text = execFileSync("systemd-analyze", argv, { encoding: "utf8", env });
    const found = [...text.matchAll(/(?:Next elapse|Iter. #\d+): \w{3} (\S+) (\S+) UTC/g)];
    return found.map(([, date, time]) => instant(Date.parse(`${date}T${time}Z`)));
  });
  return [...new Set(all)].filter((at) => at <= span.until).sort((a, b) => a - b);
}

const zones = ["UTC", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu"];
const crons = [
  "0 2 * * *",
  "30 2 * * *",
  "0 0 * * *",
  "15 1 * * 0",
  "5,35 0-6,20 1,15 jan-MAR *",
  "0 2 1,15 * MON",
  "0 3 */2 * 1-5",
  "0 4 1 * *",
  "45 23 31 12 *",
  "0 */6 * * sat,sun",
];

for (const zone of zones) {
  test(`systemd elapses at exactly our slots for a year, shifts of the clock included: ${zone}`, () => {
    for (const cron of zone === "UTC" ? crons : crons.slice(1, 4)) {
      const schedule = parseCron(cron, zone);
      const ours = slotsBetween(schedule, from, until);
      const theirs = elapses(formatCalendars(schedule, from), ours.length + 2);
      assert.deepEqual(theirs.map(formatInstant), ours.map(formatInstant), `${cron} ${zone}`);
    }
  });
}

test("without the moments for skipped times, systemd would leave a night out", () => {
  const schedule = parseCron("30 2 * * *", "Europe/Berlin");
  const [regular = "", ...gaps] = formatCalendars(schedule, from);
  assert.equal(regular, "*-*-* 02:30:00 Europe/Berlin");
  assert.equal(gaps[0], "2027-03-28 01:00:00 UTC");
  assert.equal(gaps.length, 10);
  const theirs = elapses([regular], 370);
  const left = slotsBetween(schedule, from, until).filter((slot) => !theirs.includes(slot));
  assert.deepEqual(left.map(formatInstant), ["2027-03-28T01:00:00.000Z"]);
});

for (const day of [Date.UTC(2027, 2, 27, 22), Date.UTC(2027, 9, 30, 22)]) {
  test(`a schedule within the hour misses no slot when the clock shifts: ${formatInstant(instant(day))}`, () => {
    const schedule = parseCron("*/15 * * * *", "Europe/Berlin");
    const span = { from: instant(day), until: instant(day + 6 * 3_600_000) };
    const theirs = elapses(formatCalendars(schedule, from), 30, span);
    const ours = slotsBetween(schedule, span.from, span.until);
    assert.ok(ours.length >= 20);
    assert.deepEqual(
      ours.filter((slot) => !theirs.includes(slot)),
      [],
    );
  });
}

test("what we write reads back as the same times", () => {
  for (const [index, cron] of crons.entries()) {
    const zone = zones[index % zones.length] ?? "UTC";
    const schedule = parseCron(cron, zone);
    const read = parseCalendars(formatCalendars(schedule, from), "UTC");
    assert.ok(read.unreadable.length === 0, cron);
    const again = read.times.flatMap((time) =>
      slotsBetween(parseCron(time.cron, time.timezone), from, until),
    );
    assert.deepEqual(
      [...new Set(again)].sort((a, b) => a - b),
      slotsBetween(schedule, from, until),
      `${cron} ${zone}`,
    );
  }
});

test("values that an operator writes are read, with the host's zone when they name none", () => {
  const read = (value: string) => parseCalendars([value], "Europe/Berlin").times;
  assert.deepEqual(read("03:00"), [{ cron: "0 3 * * *", timezone: "Europe/Berlin" }]);
  assert.deepEqual(read("*-*-* 3:05:00 UTC"), [{ cron: "5 3 * * *", timezone: "UTC" }]);
  assert.deepEqual(read("Mon..Fri *-*-* 22:30"), [
    { cron: "30 22 * * 1,2,3,4,5", timezone: "Europe/Berlin" },
  ]);
  assert.deepEqual(read("Sun 2:00"), [{ cron: "0 2 * * 0", timezone: "Europe/Berlin" }]);
  assert.deepEqual(read("daily"), [{ cron: "0 0 * * *", timezone: "Europe/Berlin" }]);
  assert.deepEqual(read("*:0/15"), [{ cron: "0,15,30,45 * * * *", timezone: "Europe/Berlin" }]);
  const { times, unreadable } = parseCalendars(["*-*~01 03:00", "Mon *-05~03 99:00"], "UTC");
  assert.deepEqual([times, unreadable], [[], ["*-*~01 03:00", "Mon *-05~03 99:00"]]);
});
