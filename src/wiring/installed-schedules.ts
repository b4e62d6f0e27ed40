import type { Config } from "../config/config.ts";
import { scheduleByUnit } from "../domain/slots/installed-schedule.ts";
import type { Context } from "../operations/context.ts";
import type { Clock } from "../platform/clock.ts";
import { readInstalledTimes } from "../scheduler/read-installed.ts";
import { systemTimezone } from "./system-timezone.ts";

/** See Context.scheduleOf. */
export function installedSchedules({ path }: Pick<Config, "path">, clock: Clock): Context["scheduleOf"] {
  return (job) => {
    if (job.schedule === null) return null;
    const where = { root: "/", hostTimezone: systemTimezone(), configPath: path };
    return scheduleByUnit(job, readInstalledTimes(where, job.name), clock.now());
  };
}
