import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatInstant, type Instant, instant, parseInstant } from "../instant.ts";
import { type BlackoutWindow, blackoutAt, endOfBlackout, parseBlackout } from "./blackout.ts";
import { type DueFacts, decideDue } from "./due.ts";
import { jitterOf } from "./jitter.ts";
import { nextSlot, parseCron } from "./schedule.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

function at(text: string): Instant {
  const found = parseInstant(text);
  assert.ok(found !== null, text);
  return found;
}

function windows(...texts: readonly string[]): readonly BlackoutWindow[] {
  return texts.map((text) => {
    const window = parseBlackout(text);
    assert.ok(window, text);
    return window;
  });
}

interface Given extends Partial<Omit<DueFacts, "now" | "handled" | "schedule" | "policy">> {
  readonly now: string;
  readonly handled?: string;
  readonly cron?: string;
  readonly zone?: string;
  readonly policy?: Partial<DueFacts["policy"]>;
}

function decide({ now, handled, cron = "0 2 * * *", zone = "UTC", policy, ...rest }: Given) {
  const decision = decideDue({
    schedule: parseCron(cron, zone),
    handled: handled === undefined ? null : at(handled),
    since: at("2026-11-01T00:00:00Z"),
    now: at(now),
    policy: { catchUp: "once", blackout: [], jitterMs: 0, ...policy },
    jitterKey: "host/job",
    ...rest,
  });
  const text = (moment: Instant | null) => (moment === null ? null : formatInstant(moment).slice(5, 16));
  return {
    due: text(decision.due),
    passed: decision.passed.map(({ slot, state }) => `${text(slot)} ${state}`),
    waiting: text(decision.waiting),
    next: text(decision.next),
    reasons: decision.passed.map(({ reason }) => reason),
  };
}

test("the newest slot is due, those before it were missed", () => {
  const { due, passed, next } = decide({ now: "2026-11-23T09:00:00Z", handled: "2026-11-20T02:00:00Z" });
  assert.equal(due, "11-23T02:00");
  assert.deepEqual(passed, ["11-21T02:00 missed", "11-22T02:00 missed"]);
  assert.equal(next, "11-24T02:00");
});

test("with catchUp none a late slot is missed, one that is a few minutes late is not", () => {
  const none = { handled: "2026-11-22T02:00:00Z", policy: { catchUp: "none" } } as const;
  assert.deepEqual(decide({ ...none, now: "2026-11-23T09:00:00Z" }).passed, ["11-23T02:00 missed"]);
  assert.equal(decide({ ...none, now: "2026-11-23T02:04:00Z" }).due, "11-23T02:00");
});

test("a late slot is left when the next one is minutes away, but never on a machine that is up for longer", () => {
  const late = { handled: "2026-11-21T02:00:00Z" };
  assert.equal(decide({ ...late, now: "2026-11-23T01:54:00Z" }).due, "11-22T02:00");
  assert.deepEqual(decide({ ...late, now: "2026-11-23T01:56:00Z" }).passed, ["11-22T02:00 missed"]);
});

test("a slot in a blackout is skipped; a late one waits for the end of a blackout", () => {
  const policy = { blackout: windows("Mon-Fri 08:00-18:00") };
  const noon = { cron: "0 2,12 * * *", policy };
  const skipped = decide({ ...noon, now: "2026-11-23T12:00:00Z", handled: "2026-11-23T02:00:00Z" });
  assert.deepEqual([skipped.due, skipped.passed], [null, ["11-23T12:00 skipped"]]);
  const sunday = decide({ ...noon, now: "2026-11-22T12:00:00Z", handled: "2026-11-22T02:00:00Z" });
  assert.equal(sunday.due, "11-22T12:00");
  const late = decide({ policy, now: "2026-11-23T09:00:00Z", handled: "2026-11-22T02:00:00Z" });
  assert.deepEqual([late.due, late.waiting, late.next], [null, "11-23T02:00", "11-23T18:00"]);
  const after = decide({ policy, now: "2026-11-23T18:00:00Z", handled: "2026-11-22T02:00:00Z" });
  assert.equal(after.due, "11-23T02:00");
});

test("jitter puts a start off by the same time whoever asks, and it is no delay to be caught up", () => {
  const given = {
    handled: "2026-11-22T02:00:00Z",
    policy: { jitterMs: 30 * minuteMs, catchUp: "none" },
  } as const;
  const early = decide({ ...given, now: "2026-11-23T02:00:00Z" });
  assert.deepEqual([early.due, early.waiting], [null, "11-23T02:00"]);
  assert.ok(early.next !== null);
  assert.equal(decide({ ...given, now: `2026-${early.next}:59Z` }).due, "11-23T02:00");
});

test("jitter fills its range evenly for slots that are near each other, in whole seconds, and never reaches the limit", () => {
  const found = Array.from({ length: 2000 }, (_, day) => jitterOf(`h/j/${day * dayMs}`, 10 * minuteMs));
  assert.ok(found.every((ms) => ms >= 0 && ms < 10 * minuteMs && ms % 1000 === 0));
  const mean = found.reduce((sum, ms) => sum + ms, 0) / found.length;
  assert.ok(Math.abs(mean - 5 * minuteMs) < 20_000, `${mean}`);
});

test("no slot of before the job was known is due, also when a clock that was ahead said since when", () => {
  const known = { since: at("2026-11-23T03:00:00Z") };
  assert.deepEqual(decide({ ...known, now: "2026-11-23T09:00:00Z" }).due, null);
  const ahead = { since: at("2027-11-23T03:00:00Z"), now: "2026-11-23T02:00:00Z" };
  assert.equal(decide(ahead).due, null);
  assert.equal(decide(ahead).next, "11-24T02:00", "the next one is not lost");
});

test("a gap of a year of minutes is told in bounded rows, the oldest of which says that there were more", () => {
  const { due, passed, reasons } = decide({
    cron: "* * * * *",
    now: "2027-11-01T00:00:10Z",
    handled: "2026-11-01T00:00:00Z",
  });
  assert.equal(due, "11-01T00:00");
  assert.equal(passed.length, 499);
  assert.match(reasons[0] ?? "", /every one before it/);
  assert.doesNotMatch(reasons[1] ?? "", /every one before it/);
});

test("blackouts: what is no window is refused, and windows go over midnight and the weekend", () => {
  for (const text of [
    "8-18",
    "08:00-08:00",
    "25:00-26:00",
    "Mo 08:00-09:00",
    "Mon- 08:00-09:00",
    "08:60-09:00",
    "",
  ])
    assert.equal(parseBlackout(text), null, text);
  const night = windows("Fri-Sun 22:00-04:00");
  for (const [text, isInside] of [
    ["2026-11-20T21:59:00Z", false],
    ["2026-11-20T22:00:00Z", true],
    ["2026-11-21T03:59:59Z", true],
    ["2026-11-21T04:00:00Z", false],
    ["2026-11-23T03:00:00Z", true],
    ["2026-11-23T22:30:00Z", false],
  ] as const)
    assert.equal(blackoutAt(night, at(text), "UTC") !== null, isInside, text);
  assert.equal(endOfBlackout(windows("00:00-24:00"), at("2026-11-20T00:00:00Z"), "UTC"), null);
});

/** Written otherwise than the product: minute by minute, by what the wall of the zone shows. */
function isInsideByWall(text: string, moment: Instant, zone: string): boolean {
  const [from, until] = text.split("-");
  const wall = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
  }).format(moment);
  assert.ok(from && until);
  return from < until ? wall >= from && wall < until : wall >= from || wall < until;
}

test("the end of a blackout is the first minute outside of it, in zones whose clocks change", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("01:30-03:00", "22:00-02:30", "08:00-18:00"),
      fc.constantFrom("Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu"),
      fc.integer({ min: Date.UTC(2020, 0, 1) / minuteMs, max: Date.UTC(2030, 0, 1) / minuteMs }),
      (text, zone, minute) => {
        const moment = instant(minute * minuteMs);
        const inside = blackoutAt(windows(text), moment, zone) !== null;
        assert.equal(inside, isInsideByWall(text, moment, zone));
        const end = endOfBlackout(windows(text), moment, zone);
        assert.ok(end !== null && end >= moment);
        assert.equal(isInsideByWall(text, end, zone), false);
        if (inside) assert.equal(isInsideByWall(text, instant(end - minuteMs), zone), true);
      },
    ),
    { numRuns: 300 },
  );
});

test("asking again after writing down what was decided changes nothing", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("0 2 * * *", "*/15 * * * *", "0 */5 * * 1-5"),
      fc.integer({ min: 0, max: 9 * dayMs }),
      fc.integer({ min: 0, max: 20 * minuteMs }),
      (cron, ms, jitterMs) => {
        const schedule = parseCron(cron, "Europe/Berlin");
        const since = at("2026-10-20T00:00:00Z");
        const facts = {
          schedule,
          since,
          now: instant(since + ms),
          policy: { catchUp: "once", blackout: windows("Mon-Fri 08:00-18:00"), jitterMs },
          jitterKey: "k",
        } as const;
        const first = decideDue({ ...facts, handled: null });
        const decided = [...first.passed.map(({ slot }) => slot), ...(first.due === null ? [] : [first.due])];
        const handled = decided.length === 0 ? null : instant(Math.max(...decided));
        const second = decideDue({ ...facts, handled });
        assert.deepEqual([second.due, second.passed], [null, []]);
        const upcoming = nextSlot(schedule, facts.now);
        assert.ok(first.next !== null && upcoming !== null && first.next > facts.now);
      },
    ),
    { numRuns: 200 },
  );
});
