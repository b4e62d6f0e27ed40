import { readCronFields } from "../cron/cron-fields.ts";
import { shiftCron } from "../cron/cron-shift.ts";
import type { Instant } from "../instant.ts";
import type { PlannedTimes } from "../systemd/systemd-calendar-parse.ts";
import { joinSchedules, parseCron, type Schedule, scheduleOfJob } from "./schedule.ts";

/** A job's times in an installed crontab or timer. */
export interface InstalledTimes {
  readonly by: "cron" | "systemd";
  readonly path: string;
  readonly times: readonly PlannedTimes[];
  /** Values that we cannot read, so that nobody but systemd knows when they are due. */
  readonly unreadable: readonly string[];
}

interface ScheduledJob {
  readonly schedule: string | null;
  readonly timezone: string;
}

/**
 * When a job is due: at the installed times, since they are what starts it. With none there, or times that we
 * cannot read, the config's: a line that was switched off must not make a missing backup look well.
 */
export function scheduleByUnit(
  job: ScheduledJob,
  installed: InstalledTimes | null,
  now: Instant,
): Schedule | null {
  const own = scheduleOfJob(job);
  if (installed === null || own === null || compareTimes(job, installed, now) === "same") return own;
  const [first, ...more] = installed.times.map(({ cron, timezone }) => parseCron(cron, timezone));
  if (first === undefined || installed.unreadable.length > 0) return own;
  return joinSchedules(
    first,
    more.filter(({ timezone }) => timezone === first.timezone),
  );
}

/** Whether an installed unit starts a job when the config says. */
export function compareTimes(
  { schedule, timezone }: ScheduledJob,
  { times, unreadable }: Pick<InstalledTimes, "times" | "unreadable">,
  now: Instant,
): "same" | "different" {
  if (schedule === null) return times.length === 0 ? "same" : "different";
  if (unreadable.length > 0 || times.length === 0) return "different";
  const [first] = times;
  const to = first?.timezone ?? timezone;
  if (times.some((one) => one.timezone !== to)) return "different";
  const shift = shiftCron(schedule, { from: timezone, to, now });
  if (shift.kind === "refused") return "different";
  return textOf(shift.lines) === textOf(times.map(({ cron }) => cron)) ? "same" : "different";
}

/** Equal for times that mean the same, however they are written. */
function textOf(crons: readonly string[]): string {
  return crons
    .map((cron) => JSON.stringify(readCronFields(cron)))
    .sort()
    .join("\n");
}
