import { type Instant, instant } from "../instant.ts";
import { createZone } from "../zone.ts";
import {
  type CronFields,
  formatField,
  formatWeekdays,
  hourRange,
  minuteRange,
  readCronFields,
} from "./cron-fields.ts";

/** Five-field times for another zone: several, where one line cannot say it; or why there are none. */
export type CronShift =
  | { readonly kind: "lines"; readonly lines: readonly string[] }
  | { readonly kind: "refused"; readonly reason: string };

const hourMs = 3_600_000;
const dayMinutes = 24 * 60;
/** Zones are compared so far ahead: rules are rarely announced earlier. */
const yearsAhead = 10;

/**
 * Writes a time of one zone as the same moments of another, which must always be as far apart as today.
 * Otherwise there is no such line, and cron, which knows only the host's zone, would be an hour off.
 */
export function shiftCron(
  cron: string,
  { from, to, now }: { readonly from: string; readonly to: string; readonly now: Instant },
): CronShift {
  if (from === to) return { kind: "lines", lines: [cron] };
  const distance = distanceMinutes(from, to, now);
  if (distance === null)
    return {
      kind: "refused",
      reason: `${from} and the host's zone ${to} are not always equally far apart`,
    };
  if (distance === 0) return { kind: "lines", lines: [cron] };
  return shiftFields(cron, distance);
}

/** What must be added to the first zone's wall time; null when that changes within ten years. */
function distanceMinutes(from: string, to: string, now: Instant): number | null {
  const [source, target] = [createZone(from), createZone(to)];
  const first = target.offsetMs(now) - source.offsetMs(now);
  for (let hour = 1; hour < yearsAhead * 366 * 24; hour++) {
    const at = instant(now + hour * hourMs);
    if (target.offsetMs(at) - source.offsetMs(at) !== first) return null;
  }
  return first / 60_000;
}

interface Piece {
  readonly hour: number;
  readonly minutes: readonly number[];
  /** Day of month, month, day of week. */
  readonly dayFields: string;
}

function shiftFields(cron: string, distance: number): CronShift {
  const [, , day = "*", month = "*", weekday = "*"] = cron.trim().split(/\s+/);
  const fields = readCronFields(cron);
  const pieces: Piece[] = [];
  for (const [dayShift, hours] of shiftedTimes(fields, distance)) {
    if (dayShift !== 0 && (day !== "*" || month !== "*"))
      return { kind: "refused", reason: "in the host's zone it falls on the day beside, in another month" };
    const weekdays = fields.weekdays.map((value) => (value + dayShift + 7) % 7).sort((a, b) => a - b);
    const dayFields = `${day} ${month} ${dayShift === 0 ? weekday : formatWeekdays(weekdays)}`;
    for (const [hour, minutes] of hours) pieces.push({ hour, minutes, dayFields });
  }
  return { kind: "lines", lines: joinPieces(pieces) };
}

/** Days beside (-1, 0, 1), each with its hours, each with its minutes. */
function shiftedTimes(
  { minutes, hours }: CronFields,
  distance: number,
): ReadonlyMap<number, ReadonlyMap<number, readonly number[]>> {
  const days = new Map<number, Map<number, number[]>>();
  for (const minute of hours.flatMap((hour) => minutes.map((one) => hour * 60 + one + distance))) {
    const dayShift = Math.floor(minute / dayMinutes);
    const hour = Math.floor((minute - dayShift * dayMinutes) / 60);
    const ofDay = days.get(dayShift) ?? new Map<number, number[]>();
    days.set(dayShift, ofDay.set(hour, [...(ofDay.get(hour) ?? []), (minute + dayMinutes) % 60]));
  }
  return days;
}

/** Hours with the same minutes and days stand in one line. */
function joinPieces(pieces: readonly Piece[]): readonly string[] {
  const hoursOf = new Map<string, number[]>();
  for (const { hour, minutes, dayFields } of pieces) {
    const sorted = minutes.toSorted((a, b) => a - b);
    const key = `${formatField(sorted, minuteRange)}|${dayFields}`;
    hoursOf.set(key, [...(hoursOf.get(key) ?? []), hour]);
  }
  return [...hoursOf].map(([key, hours]) => {
    const [minutes, dayFields] = key.split("|");
    return `${minutes} ${formatField(
      hours.toSorted((a, b) => a - b),
      hourRange,
    )} ${dayFields}`;
  });
}
