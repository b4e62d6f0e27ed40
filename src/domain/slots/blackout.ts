import { type Instant, instant } from "../instant.ts";
import { instantOfWall, type WallTime, wallTime, wallTimeOf } from "../local-time.ts";

/** Hours of the wall clock in which no run is started: "08:00-18:00", "Mon-Fri 08:00-18:00". Made by parseBlackout only. */
export interface BlackoutWindow {
  /** As it was written. */
  readonly text: string;
  /** Days on which it begins, 0 is Sunday. */
  readonly days: readonly number[];
  /** Minutes after midnight, the first one included. */
  readonly fromMinute: number;
  /** The first minute after it; beyond 1440 when it ends on the next day. */
  readonly untilMinute: number;
}

const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const minuteMs = 60_000;
const dayMinutes = 1440;
const dayMs = dayMinutes * minuteMs;

/** Reads "[DAYS ]HH:MM-HH:MM"; days are names, lists and ranges (Mon-Fri,Sun). Null for anything else, and for no time at all. */
export function parseBlackout(text: string): BlackoutWindow | null {
  const found = /^(?:([a-z,-]+) +)?(\d\d):(\d\d)-(\d\d):(\d\d)$/i.exec(text.trim());
  if (!found) return null;
  const [, names, fromHour, fromRest, untilHour, untilRest] = found;
  const days = names === undefined ? [0, 1, 2, 3, 4, 5, 6] : readDays(names.toLowerCase());
  const from = minuteOf(fromHour, fromRest);
  const until = minuteOf(untilHour, untilRest);
  if (days === null || from === null || until === null || from === until || from === dayMinutes) return null;
  return {
    text: text.trim(),
    days,
    fromMinute: from,
    untilMinute: until > from ? until : until + dayMinutes,
  };
}

function minuteOf(hour = "", rest = ""): number | null {
  const minute = Number(hour) * 60 + Number(rest);
  return Number(rest) < 60 && minute <= dayMinutes ? minute : null;
}

function readDays(names: string): readonly number[] | null {
  const days = names.split(",").map(readRange);
  return days.every((range) => range !== null) ? days.flat() : null;
}

/** "fri-mon" goes over the weekend. */
function readRange(text: string): readonly number[] | null {
  const [first, last, ...more] = text.split("-").map((name) => dayNames.indexOf(name));
  if (first === undefined || first < 0 || more.length > 0 || last === -1) return null;
  const length = last === undefined ? 1 : ((last - first + 7) % 7) + 1;
  return Array.from({ length }, (_, index) => (first + index) % 7);
}

/** The window that a moment lies in, by the wall clock of the zone; null when there is none. */
export function blackoutAt(
  windows: readonly BlackoutWindow[],
  at: Instant,
  timezone: string,
): BlackoutWindow | null {
  if (windows.length === 0) return null;
  const wall = wallTimeOf(at, timezone);
  return windows.find((window) => endOf(window, wall) !== null) ?? null;
}

/** When runs may be started again after a moment inside of windows; null: not within a month. */
export function endOfBlackout(
  windows: readonly BlackoutWindow[],
  at: Instant,
  timezone: string,
): Instant | null {
  let moment = at;
  while (moment - at < 31 * dayMs) {
    const wall = wallTimeOf(moment, timezone);
    const ends = windows.map((window) => endOf(window, wall)).filter((end) => end !== null);
    if (ends.length === 0) return moment;
    const end = instantOfWall(wallTime(instant(Math.max(...ends))), timezone);
    // in a doubled hour the wall's end may be past already
    moment = instant(Math.max(end, moment + minuteMs));
  }
  return null;
}

/** The wall time at which the window that this one lies in ends; null: it lies in none. Begun today, or the day before. */
function endOf({ days, fromMinute, untilMinute }: BlackoutWindow, wall: WallTime): number | null {
  const midnight = Math.floor(wall / dayMs) * dayMs;
  for (const start of [midnight, midnight - dayMs]) {
    const isInside = wall >= start + fromMinute * minuteMs && wall < start + untilMinute * minuteMs;
    if (isInside && days.includes(new Date(start).getUTCDay())) return start + untilMinute * minuteMs;
  }
  return null;
}
