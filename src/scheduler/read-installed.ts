import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseCronUnit } from "../domain/cron/cron-unit.ts";
import type { InstalledTimes } from "../domain/slots/installed-schedule.ts";
import { parseCalendars } from "../domain/systemd/systemd-calendar-parse.ts";
import { parseTimer } from "../domain/systemd/systemd-timer.ts";
import { unitNameOf } from "../domain/systemd/systemd-value.ts";
import { configPathOfUnit } from "../domain/systemd/unit-command.ts";
import { cronFile, unitDirectory } from "./unit-places.ts";

export interface InstalledWhere {
  readonly root: string;
  readonly hostTimezone: string;
  readonly configPath: string;
}

/**
 * A job's times in the crontab or the timer that an install has written for this config; null when neither
 * starts it. What cannot be read is as good as not there: doctor tells of it. Reads at each call.
 */
export function readInstalledTimes(where: InstalledWhere, job: string): InstalledTimes | null {
  return readFromCron(where, job) ?? readFromTimer(where, job);
}

function readFromCron(
  { root, hostTimezone, configPath }: InstalledWhere,
  job: string,
): InstalledTimes | null {
  const path = join(root, cronFile);
  const text = readIfThere(path);
  if (text === null || configPathOfUnit(text) !== configPath) return null;
  const found = parseCronUnit(text)?.jobs.find(({ name }) => name === job);
  if (!found) return null;
  const times = found.times.map((cron) => ({ cron, timezone: hostTimezone }));
  return { by: "cron", path, times, unreadable: [] };
}

function readFromTimer(
  { root, hostTimezone, configPath }: InstalledWhere,
  job: string,
): InstalledTimes | null {
  const path = join(root, unitDirectory, `${unitNameOf(job)}.timer`);
  const text = readIfThere(path);
  if (text === null || configPathOfUnit(text) !== configPath) return null;
  const { calendars } = parseTimer(text, readDropIns(path));
  return { by: "systemd", path, ...parseCalendars(calendars, hostTimezone) };
}

/** What `systemctl edit` has written for a unit, in the order in which it counts. */
export function readDropIns(unitPath: string): readonly string[] {
  const folder = `${unitPath}.d`;
  const names = namesIn(folder).filter((name) => name.endsWith(".conf"));
  return names.toSorted().flatMap((name) => readIfThere(join(folder, name)) ?? []);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // there is none
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // not there, or not for us to read
  }
}
