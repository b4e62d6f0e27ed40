import { type Instant, instant } from "./instant.ts";

declare const wallBrand: unique symbol;

/**
 * What a clock on the wall shows, as the milliseconds that UTC would need to show the same. Only
 * meaningful together with a zone; never an Instant.
 */
export type WallTime = number & { readonly [wallBrand]: true };

const dayMs = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** True when this runtime knows the zone ("Europe/Berlin", "UTC"). Its rules come with the runtime. */
export function isTimezone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The wall time of a moment, to the second. Throws RangeError for an unknown zone. */
export function wallTimeOf(at: Instant, timezone: string): WallTime {
  const part = new Map(
    formatOf(timezone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  return wallTime(
    Date.UTC(
      part.get("year") ?? 0,
      (part.get("month") ?? 1) - 1,
      part.get("day") ?? 1,
      part.get("hour") ?? 0,
      part.get("minute") ?? 0,
      part.get("second") ?? 0,
    ),
  );
}

/**
 * The moment when a wall clock in the zone shows this time. A time that occurs twice means the first; a
 * time that is skipped means the moment right after the gap. Never decreases while `wall` increases.
 */
export function instantOfWall(wall: WallTime, timezone: string): Instant {
  const offsetBefore = offsetMs(instant(wall - dayMs), timezone);
  const offsetAfter = offsetMs(instant(wall + dayMs), timezone);
  const first = instant(wall - Math.max(offsetBefore, offsetAfter));
  const last = instant(wall - Math.min(offsetBefore, offsetAfter));
  const second = Math.floor(wall / 1000) * 1000; // all that wallTimeOf tells
  if (wallTimeOf(first, timezone) === second) return first;
  if (wallTimeOf(last, timezone) === second) return last;
  return endOfGap(first, last, timezone);
}

/** Takes the milliseconds that UTC would need to show this wall time. */
export function wallTime(asUtcMs: number): WallTime {
  return instant(asUtcMs) as number as WallTime; // proven: in the range of dates, and the caller says it is wall time
}

/** The first moment of the new offset between two moments on either side of the change. */
function endOfGap(before: Instant, after: Instant, timezone: string): Instant {
  const newOffset = offsetMs(after, timezone);
  let low: number = before;
  let high: number = after;
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000;
    if (offsetMs(instant(middle), timezone) === newOffset) high = middle;
    else low = middle;
  }
  return instant(high);
}

function offsetMs(at: Instant, timezone: string): number {
  return wallTimeOf(at, timezone) - Math.floor(at / 1000) * 1000;
}

/** Kept per zone: making one costs a thousand times more than using it. */
function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  formats.set(timezone, format);
  return format;
}
