import type { Instant } from "./instant.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Zones change their offset at most once in so long a time (the shortest known interval is four weeks). */
const stretchMs = 7 * dayMs;

/** Calendar units that retention counts in. */
export type CalendarUnit = "hour" | "day" | "week" | "month" | "year";

/** Wall time in one IANA zone. */
export interface Zone {
  readonly name: string;
  /** What must be added to UTC to get the wall time at that moment. */
  offsetMs(at: Instant): number;
  /**
   * Equal for moments in the same hour, day, ISO week, month or year of the wall calendar. The two passes
   * through a doubled hour are two hours.
   */
  bucketOf(at: Instant, unit: CalendarUnit): number;
}

/** Throws RangeError for a zone that the runtime does not know. */
export function createZone(name: string): Zone {
  const offsetMs = rememberOffsets(offsetReader(name));
  return {
    name,
    offsetMs,
    bucketOf(at, unit) {
      const offset = offsetMs(at);
      const wallMs = at + offset;
      if (unit === "hour") return Math.floor(wallMs / hourMs) * 256 + offset / (15 * 60_000);
      return calendarBucket(wallMs, unit);
    },
  };
}

function calendarBucket(wallMs: number, unit: Exclude<CalendarUnit, "hour">): number {
  const day = Math.floor(wallMs / dayMs);
  if (unit === "day") return day;
  if (unit === "week") return Math.floor((day + 3) / 7); // day 0 was a Thursday, ISO weeks begin on Mondays
  const wall = new Date(wallMs);
  return unit === "month" ? wall.getUTCFullYear() * 12 + wall.getUTCMonth() : wall.getUTCFullYear();
}

/** Intl writes the offset as "GMT", "GMT+01:00" or, for old local times, "GMT+00:53:28". */
function offsetReader(name: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  return (atMs) => {
    const found = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(format.format(atMs));
    if (!found) return 0;
    const [, sign, hours, minutes, seconds] = found;
    const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0);
    return (sign === "-" ? -size : size) * 1000;
  };
}

/** Asking Intl takes microseconds: a stretch with the same offset at both ends has it throughout. */
function rememberOffsets(read: (atMs: number) => number): (atMs: number) => number {
  const atStartOf = new Map<number, number>();
  const startOffset = (stretch: number): number => {
    const known = atStartOf.get(stretch);
    if (known !== undefined) return known;
    const offset = read(stretch * stretchMs);
    atStartOf.set(stretch, offset);
    return offset;
  };
  return (atMs) => {
    const stretch = Math.floor(atMs / stretchMs);
    const offset = startOffset(stretch);
    return offset === startOffset(stretch + 1) ? offset : read(atMs);
  };
}
