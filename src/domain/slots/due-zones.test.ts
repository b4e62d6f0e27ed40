import assert from "node:assert/strict";
import { test } from "node:test";
import { formatInstant, type Instant, instant } from "../instant.ts";
import { createZone, type Zone } from "../zone.ts";
import { decideDue } from "./due.ts";
import { parseCron } from "./schedule.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** One change of a zone's offset; zones that change alike are tested once. */
interface Change {
  readonly zone: string;
  readonly atMs: number;
  readonly beforeMs: number;
  readonly afterMs: number;
}

const from = Date.UTC(2016, 10, 23);
const until = Date.UTC(2036, 10, 23);

function changesOf(zone: Zone): readonly Change[] {
  const changes: Change[] = [];
  const offset = (ms: number) => zone.offsetMs(instant(ms));
  for (let low = from; low < until; low += 7 * dayMs) {
    const [beforeMs, afterMs] = [offset(low), offset(low + 7 * dayMs)];
    if (beforeMs === afterMs) continue;
    let [first, last] = [low, low + 7 * dayMs];
    while (last - first > minuteMs) {
      const middle = Math.floor((first + last) / 2 / minuteMs) * minuteMs;
      if (offset(middle) === beforeMs) first = middle;
      else last = middle;
    }
    changes.push({ zone: zone.name, atMs: last, beforeMs, afterMs });
  }
  return changes;
}

function allChanges(): readonly Change[] {
  const all = Intl.supportedValuesOf("timeZone").flatMap((name) => changesOf(createZone(name)));
  const distinct = new Map(
    all.map((change) => [`${change.atMs}/${change.beforeMs}/${change.afterMs}`, change]),
  );
  return [...distinct.values()];
}

/** Crons, each with the same said by hand about the fields of a wall clock. */
const crons: readonly (readonly [cron: string, matches: (wall: Date) => boolean])[] = [
  ["30 2 * * *", (wall) => wall.getUTCHours() === 2 && wall.getUTCMinutes() === 30],
  ["0 0 * * *", (wall) => wall.getUTCHours() === 0 && wall.getUTCMinutes() === 0],
  ["30 */6 * * *", (wall) => wall.getUTCHours() % 6 === 0 && wall.getUTCMinutes() === 30],
  ["10 1 * * 0", (wall) => wall.getUTCDay() === 0 && wall.getUTCHours() === 1 && wall.getUTCMinutes() === 10],
];

/**
 * What is to be run round a change, by looking at every minute: each wall minute that matches once, at its
 * first occurrence; those that the change leaves out, once, at the change.
 */
function expected({ atMs, beforeMs, afterMs }: Change, matches: (wall: Date) => boolean): readonly number[] {
  const found = new Set<number>();
  let furthestWall = Number.NEGATIVE_INFINITY;
  for (let ms = atMs - 2 * dayMs; ms <= atMs + 2 * dayMs; ms += minuteMs) {
    const wall = ms + (ms < atMs ? beforeMs : afterMs);
    const leftOut = furthestWall < 0 ? wall : furthestWall + minuteMs;
    for (let minute = Math.min(leftOut, wall); minute <= wall; minute += minuteMs)
      if (minute > furthestWall && matches(new Date(minute))) found.add(ms);
    furthestWall = Math.max(furthestWall, wall);
  }
  return [...found];
}

/** What the decision makes due when it is asked at each moment that it names itself. */
function decided(cron: string, { zone, atMs }: Change): readonly number[] {
  const schedule = parseCron(cron, zone);
  const start = instant(atMs - 36 * hourMs);
  const due: number[] = [];
  let handled: Instant | null = null;
  let now = start;
  while (now <= atMs + 36 * hourMs) {
    const decision = decideDue({
      schedule,
      handled,
      since: start,
      now,
      policy: { catchUp: "once", blackout: [], jitterMs: 0 },
      jitterKey: "k",
    });
    assert.deepEqual(decision.passed, [], `${cron} in ${zone}: nothing is passed over`);
    if (decision.due !== null) {
      due.push(decision.due);
      handled = decision.due;
    }
    assert.ok(decision.next !== null && decision.next > now);
    now = decision.next;
  }
  return due;
}

test("F46 round each change of every zone's clocks, ten years back and ahead, each slot is due once and none is left out", () => {
  const changes = allChanges();
  assert.ok(changes.length > 300, `${changes.length} changes`);
  for (const change of changes) {
    for (const [cron, matches] of crons) {
      const inside = (ms: number) => ms > change.atMs - 36 * hourMs && ms <= change.atMs + 36 * hourMs;
      const right = expected(change, matches).filter(inside);
      const words = (all: readonly number[]) => all.map((ms) => formatInstant(instant(ms)));
      assert.deepEqual(words(decided(cron, change)), words(right), `${cron} in ${change.zone}`);
    }
  }
});
