/** The values that the five fields of a cron time name, sorted and without doubles. Weekdays are 0 (Sunday) to 6. */
export interface CronFields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  readonly months: readonly number[];
  readonly weekdays: readonly number[];
  /** Both day fields are restricted, so that either one suffices. */
  readonly isEitherDay: boolean;
}

interface FieldRange {
  readonly least: number;
  readonly most: number;
  readonly names: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
export const weekdayNames: readonly string[] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

export const minuteRange: FieldRange = { least: 0, most: 59, names: [] };
export const hourRange: FieldRange = { least: 0, most: 23, names: [] };
export const dayRange: FieldRange = { least: 1, most: 31, names: [] };
export const monthRange: FieldRange = { least: 1, most: 12, names: months };
/** Seven is Sunday, too. */
const weekdayRange: FieldRange = { least: 0, most: 7, names: weekdayNames.map((name) => name.toLowerCase()) };

/** Takes a text that findCronProblem (domain/slots/schedule.ts) has nothing to say against. */
export function readCronFields(cron: string): CronFields {
  const [minute = "*", hour = "*", day = "*", month = "*", weekday = "*"] = cron.trim().split(/\s+/);
  return {
    minutes: valuesOf(minute, minuteRange),
    hours: valuesOf(hour, hourRange),
    days: valuesOf(day, dayRange),
    months: valuesOf(month, monthRange),
    weekdays: sorted(valuesOf(weekday, weekdayRange).map((value) => value % 7)),
    isEitherDay: !day.startsWith("*") && !weekday.startsWith("*"),
  };
}

/** The shortest text for these values: "*" for all of a range, else the list. */
export function formatField(values: readonly number[], { least, most }: FieldRange): string {
  return values.length === most - least + 1 ? "*" : values.join(",");
}

/** As formatField; seven days are "*". */
export function formatWeekdays(values: readonly number[]): string {
  return values.length === 7 ? "*" : values.join(",");
}

function valuesOf(field: string, range: FieldRange): readonly number[] {
  return sorted(field.split(",").flatMap((item) => valuesOfItem(item, range)));
}

function valuesOfItem(item: string, range: FieldRange): readonly number[] {
  const [span = "*", step] = item.split("/");
  const [from = 0, to = from] =
    span === "*" ? [range.least, range.most] : span.split("-").map((text) => numberOf(text, range));
  const last = step !== undefined && !span.includes("-") ? range.most : to; // "5/10" means from 5 on
  const by = Number(step ?? 1);
  return Array.from({ length: Math.floor((last - from) / by) + 1 }, (_, index) => from + index * by);
}

function numberOf(text: string, { least, names }: FieldRange): number {
  const named = names.indexOf(text.toLowerCase());
  return named >= 0 ? least + named : Number(text);
}

function sorted(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
