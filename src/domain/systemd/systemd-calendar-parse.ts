import {
  dayRange,
  formatField,
  formatWeekdays,
  hourRange,
  minuteRange,
  monthRange,
  weekdayNames,
} from "../cron/cron-fields.ts";
import { isTimezone } from "../local-time.ts";
import { findCronProblem } from "../slots/schedule.ts";

/** Times of one zone, as cron writes them. */
export interface PlannedTimes {
  readonly cron: string;
  readonly timezone: string;
}

export interface ReadCalendars {
  readonly times: readonly PlannedTimes[];
  /** Values that cron fields cannot say, or that are none. */
  readonly unreadable: readonly string[];
}

const shorthands: Readonly<Record<string, string>> = {
  hourly: "*-*-* *:00:00",
  daily: "*-*-* 00:00:00",
  weekly: "Mon *-*-* 00:00:00",
  monthly: "*-*-01 00:00:00",
  yearly: "*-01-01 00:00:00",
};

type Range = typeof minuteRange;

/**
 * Reads values of OnCalendar: those that formatCalendars writes, and what operators commonly put in their
 * place. Single moments of the calendar (a year is named) stand for skipped times and are no times of their own.
 */
export function parseCalendars(values: readonly string[], hostTimezone: string): ReadCalendars {
  const regular = values.filter((value) => !isCatchUpMoment(value));
  const read = regular.map((value) => ({ value, times: readCalendar(value, hostTimezone) }));
  return {
    times: joinEitherDay(read.flatMap(({ times }) => (times === null ? [] : [times]))),
    unreadable: read.filter(({ times }) => times === null).map(({ value }) => value),
  };
}

/** True for a single moment, which formatCalendars puts where a shift of the clock skips a time. */
export function isCatchUpMoment(value: string): boolean {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC$/.test(value);
}

function readCalendar(value: string, hostTimezone: string): PlannedTimes | null {
  const words = value.trim().split(/\s+/);
  const last = words.at(-1) ?? "";
  const hasZone = words.length > 1 && /^[A-Z]/.test(last) && isTimezone(last);
  const text = (hasZone ? words.slice(0, -1) : words).join(" ");
  const cron = cronOf(shorthands[text] ?? text);
  return cron === null ? null : { cron, timezone: hasZone ? last : hostTimezone };
}

const shape = /^(?:([A-Za-z.,]+) )?(?:\*-([\d*.,/]+)-([\d*.,/]+) )?([\d*.,/]+):([\d*.,/]+)(?::00?)?$/;

function cronOf(text: string): string | null {
  const found = shape.exec(text);
  if (!found) return null;
  const [, week = null, month = "*", day = "*", hour = "*", minute = "*"] = found;
  const fields = [
    fieldOf(minute, minuteRange),
    fieldOf(hour, hourRange),
    fieldOf(day, dayRange),
    fieldOf(month, monthRange),
    week === null ? "*" : weekdaysOf(week),
  ];
  if (fields.includes(null)) return null;
  const cron = bothDays(fields.map(String)).join(" ");
  return findCronProblem(cron) === null ? cron : null;
}

/** A weekday and a day of the month must both fit here; cron says so by a field that begins with a star. */
function bothDays(fields: readonly string[]): readonly string[] {
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields;
  if (day === "*" || weekday === "*") return fields;
  return [minute, hour, starred(day), month, weekday];
}

/** Days as steps from the first of the month, which is all that we write; "?", which is no field, for others. */
function starred(day: string): string {
  const days = day.split(",").map(Number);
  const step = (days[1] ?? 32) - (days[0] ?? 1);
  const isStep = days[0] === 1 && days.every((one, index) => one === 1 + index * step);
  return isStep && days.length === Math.floor(30 / step) + 1 ? `*/${step}` : "?";
}

function fieldOf(text: string, range: Range): string | null {
  const values = text.split(",").map((item) => itemOf(item, range));
  if (values.some((value) => value === null)) return null;
  const all = [...new Set(values.flatMap((value) => value ?? []))].sort((a, b) => a - b);
  return all.every((value) => value >= range.least && value <= range.most) ? formatField(all, range) : null;
}

function itemOf(item: string, { least, most }: Range): readonly number[] | null {
  const found = /^(?:\*|(\d+)(?:\.\.(\d+))?)(?:\/(\d+))?$/.exec(item);
  if (!found) return null;
  const [, from, to, step] = found;
  const first = from === undefined ? least : Number(from);
  const last = to !== undefined ? Number(to) : from !== undefined && step === undefined ? first : most;
  const by = Number(step ?? 1);
  if (by < 1 || last < first || last > most) return null;
  return Array.from({ length: Math.floor((last - first) / by) + 1 }, (_, index) => first + index * by);
}

function weekdaysOf(text: string): string | null {
  const days = text.split(",").map((item) => item.split("..").map(weekdayOf));
  if (days.flat().includes(-1) || days.some((span) => span.length > 2)) return null;
  const all = days.flatMap(([from = 0, to = from]) =>
    Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, index) => (from + index) % 7),
  );
  return formatWeekdays([...new Set(all)].sort((a, b) => a - b));
}

function weekdayOf(name: string): number {
  return weekdayNames.findIndex((known) => known.toLowerCase() === name.slice(0, 3).toLowerCase());
}

/** Our two lines for "either day" become one schedule again. */
function joinEitherDay(times: readonly PlannedTimes[]): readonly PlannedTimes[] {
  const [first, second, ...more] = times;
  if (first === undefined || second === undefined || more.length > 0) return times;
  if (first.timezone !== second.timezone) return times;
  const [a, b] = [first.cron.split(" "), second.cron.split(" ")];
  const isSame = [0, 1, 3].every((index) => a[index] === b[index]);
  const isPair = a[2] !== "*" && a[4] === "*" && b[2] === "*" && b[4] !== "*";
  if (!isSame || !isPair) return times;
  return [{ cron: [a[0], a[1], a[2], a[3], b[4]].join(" "), timezone: first.timezone }];
}
