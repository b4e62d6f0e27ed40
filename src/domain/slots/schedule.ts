import { Cron } from "croner";
import cronstrue from "cronstrue";
import { Failure } from "../failure.ts";
import { type Instant, instant } from "../instant.ts";
import { instantOfWall, isTimezone, type WallTime, wallTime, wallTimeOf } from "../local-time.ts";

/** Five cron fields read as wall time of one zone. Made by parseCron only. */
export interface Schedule {
  readonly cron: string;
  readonly timezone: string;
  /** Matches wall times, as if they were UTC: the rules for skipped and doubled hours are ours, not the library's. */
  readonly pattern: Pick<Cron, "nextRun" | "previousRuns">;
}

/** What cron everywhere understands; the library would take more (L, W, #, ?). */
const fieldItem = /^(\*|\d+|[a-z]{3})(-(\d+|[a-z]{3}))?(\/\d+)?$/i;

/**
 * Reads minute, hour, day of month, month, day of week, as Debian's cron does: names (MON, jan), lists,
 * ranges and steps; where day of month and day of week are both restricted, either one suffices.
 * Throws Failure "config.invalid" saying what is wrong.
 */
export function parseCron(cron: string, timezone: string): Schedule {
  const reason = findCronProblem(cron) ?? findZoneProblem(timezone);
  if (reason !== null) {
    throw new Failure("config.invalid", `Cannot read the schedule "${cron}": ${reason}`, {
      hint: 'Write five fields, such as "0 2 * * *" for every day at 02:00.',
    });
  }
  return { cron, timezone, pattern: patternOf(cron) };
}

/** The schedule that the config gives a job; null: only by hand. */
export function scheduleOfJob(job: {
  readonly schedule: string | null;
  readonly timezone: string;
}): Schedule | null {
  return job.schedule === null ? null : parseCron(job.schedule, job.timezone);
}

/** What is wrong with a cron text, as a half sentence about it; null when nothing is. */
export function findCronProblem(cron: string): string | null {
  const fields = fieldsOf(cron);
  if (cron.trim().startsWith("@"))
    return "it is a nickname; write the five fields, such as 0 0 * * * for @daily";
  if (fields.length === 6) {
    const meant = fields.slice(1).join(" ");
    return `it has six fields, and cron knows no seconds; did you mean "${meant}"?`;
  }
  if (fields.length !== 5) return `it has ${fields.length === 1 ? "1 field" : `${fields.length} fields`}`;
  const foreign = fields.find((field) => !field.split(",").every((item) => fieldItem.test(item)));
  if (foreign !== undefined) return `"${foreign}" is no such field (numbers, names, * , - / only)`;
  return findPatternProblem(cron);
}

function findPatternProblem(cron: string): string | null {
  try {
    const first = patternOf(cron).nextRun(new Date(Date.UTC(2000, 0, 1)));
    return first === null ? "the day that it names never comes" : null;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const reason = error.message.replace(/^Cron\w*: /, "");
    return reason.charAt(0).toLowerCase() + reason.slice(1);
  }
}

function findZoneProblem(timezone: string): string | null {
  return isTimezone(timezone) ? null : `the zone "${timezone}" is unknown`;
}

function fieldsOf(cron: string): readonly string[] {
  return cron.trim().split(/\s+/);
}

/** As in Vixie's cron, a field that starts with a star (also with a step) does not count as restricted. */
function hasStarredDay(cron: string): boolean {
  const [, , day = "", , weekday = ""] = fieldsOf(cron);
  return day.startsWith("*") || weekday.startsWith("*");
}

function patternOf(cron: string): Cron {
  return new Cron(fieldsOf(cron).join(" "), {
    mode: "5-part",
    utcOffset: 0,
    paused: true,
    domAndDow: hasStarredDay(cron),
  });
}

/**
 * The first slot strictly after a moment; null when the pattern has run out of dates. Every matching wall
 * time is one slot: a skipped one falls right after the gap (several fall together), a doubled one counts
 * at its first occurrence only, whatever the pattern.
 */
export function nextSlot(schedule: Schedule, after: Instant): Instant | null {
  const wall = firstWallAfter(schedule, after);
  return wall === null ? null : instantOfWall(wall, schedule.timezone);
}

/** The newest slot at or before a moment: the last one that was due. Null when there was none. */
export function previousSlot(schedule: Schedule, at: Instant): Instant | null {
  const next = firstWallAfter(schedule, at);
  if (next === null) return null;
  const [found] = schedule.pattern.previousRuns(1, new Date(next));
  return found === undefined ? null : instantOfWall(wallOf(found), schedule.timezone);
}

/** Every slot after `after` up to and including `until`, oldest first. The caller bounds the span. */
export function slotsBetween(schedule: Schedule, after: Instant, until: Instant): readonly Instant[] {
  const slots: Instant[] = [];
  let slot = nextSlot(schedule, after);
  while (slot !== null && slot <= until) {
    slots.push(slot);
    slot = nextSlot(schedule, slot);
  }
  return slots;
}

/** "At 02:00 (Europe/Berlin)": the zone always stands beside the time. */
export function describeSchedule(schedule: Schedule): string {
  const words = schedule.cron
    .split(" and ") // as joinSchedules joins them
    .map((cron) =>
      cronstrue.toString(cron, { use24HourTimeFormat: true, logicalAndDayFields: hasStarredDay(cron) }),
    );
  return `${words.join("; ")} (${schedule.timezone})`;
}

/** The first matching wall time whose moment is later than `at`; in a doubled hour some earlier ones are passed over. */
function firstWallAfter(schedule: Schedule, at: Instant): WallTime | null {
  let wall: WallTime = wallTimeOf(at, schedule.timezone);
  for (;;) {
    const found = schedule.pattern.nextRun(new Date(wall));
    if (found === null) return null;
    wall = wallOf(found);
    if (instantOfWall(wall, schedule.timezone) > at) return wall;
  }
}

function wallOf(found: Date): WallTime {
  return wallTime(instant(found.getTime()));
}

/** Due whenever one of them is. All must be of one zone; there must be at least one. */
export function joinSchedules(first: Schedule, more: readonly Schedule[]): Schedule {
  if (more.length === 0) return first;
  const all = [first, ...more];
  return {
    cron: all.map(({ cron }) => cron).join(" and "),
    timezone: first.timezone,
    pattern: {
      nextRun: (after) => earliest(all.map(({ pattern }) => pattern.nextRun(after))),
      previousRuns: (count, before) =>
        all
          .flatMap(({ pattern }) => pattern.previousRuns(count, before))
          .sort((a, b) => b.getTime() - a.getTime())
          .filter((run, index, runs) => run.getTime() !== runs[index - 1]?.getTime())
          .slice(0, count),
    },
  };
}

function earliest(runs: readonly (Date | null)[]): Date | null {
  return runs.reduce((found, run) => (found === null || (run !== null && run < found) ? run : found), null);
}
