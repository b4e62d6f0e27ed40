import {
  dayRange,
  formatField,
  hourRange,
  minuteRange,
  monthRange,
  readCronFields,
  weekdayNames,
} from "../cron/cron-fields.ts";
import { formatInstant, type Instant } from "../instant.ts";
import { wallTimeOf } from "../local-time.ts";
import { nextSlot, type Schedule } from "../slots/schedule.ts";

/**
 * A schedule as values of OnCalendar, in its own zone. Two where either of two day fields suffices: systemd
 * knows only days on which both fit. Then the moments that systemd alone would leave out (see missedByGaps).
 */
export function formatCalendars(schedule: Schedule, now: Instant): readonly string[] {
  return [...regularCalendars(schedule), ...missedByGaps(schedule, now)];
}

function regularCalendars({ cron, timezone }: Schedule): readonly string[] {
  const { minutes, hours, days, months, weekdays, isEitherDay } = readCronFields(cron);
  const two = (values: readonly number[]) => values.map((value) => String(value).padStart(2, "0"));
  const part = (values: readonly number[], range: Parameters<typeof formatField>[1]) =>
    formatField(values, range) === "*" ? "*" : two(values).join(",");
  const month = part(months, monthRange);
  const day = part(days, dayRange);
  const time = `${part(hours, hourRange)}:${part(minutes, minuteRange)}:00`;
  const week = weekdays.length === 7 ? "" : `${weekdays.map((value) => weekdayNames[value]).join(",")} `;
  const dates = isEitherDay ? [`*-${month}-${day}`, `${week}*-${month}-*`] : [`${week}*-${month}-${day}`];
  return dates.map((date) => `${date} ${time} ${timezone}`);
}

const yearsAhead = 10;
const yearMs = 366 * 86_400_000;

/**
 * systemd leaves out a time that a shift of the clock skips; ours is due right after the gap. These are the
 * gaps of the next ten years, each as a moment in UTC; with a zone that never shifts, none.
 */
function missedByGaps(schedule: Schedule, now: Instant): readonly string[] {
  const { hours, minutes } = readCronFields(schedule.cron);
  if (hours.length * minutes.length > 24 || schedule.timezone === "UTC") return []; // due again within the hour
  const moments: string[] = [];
  let slot = nextSlot(schedule, now);
  while (slot !== null && slot < now + yearsAhead * yearMs) {
    if (!isAtItsTime(schedule, slot)) moments.push(formatInstant(slot).slice(0, 19).replace("T", " "));
    slot = nextSlot(schedule, slot);
  }
  return moments.map((moment) => `${moment} UTC`);
}

/** False for a slot whose time does not exist on that day. */
function isAtItsTime({ pattern, timezone }: Schedule, slot: Instant): boolean {
  const wall = wallTimeOf(slot, timezone);
  return pattern.nextRun(new Date(wall - 1000))?.getTime() === wall;
}
