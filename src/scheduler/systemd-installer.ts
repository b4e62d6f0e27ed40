import { join } from "node:path";
import { type Schedule, scheduleOfJob } from "../domain/slots/schedule.ts";
import type { InstalledJob, InstallReport, UnitStep, UnitWish } from "../domain/systemd/install-report.ts";
import { formatCalendars } from "../domain/systemd/systemd-calendar.ts";
import { isCatchUpMoment, parseCalendars } from "../domain/systemd/systemd-calendar-parse.ts";
import { serviceOfJob, serviceOfServe, serviceOfWatch } from "../domain/systemd/systemd-texts.ts";
import { formatTimer, formatWatchTimer, parseTimer } from "../domain/systemd/systemd-timer.ts";
import { unitNameOf } from "../domain/systemd/systemd-value.ts";
import { readDropIns } from "./read-installed.ts";
import { removeUnits, sortUnits } from "./remove-units.ts";
import { systemctl } from "./systemctl.ts";
import { readOwnUnit, writeUnit } from "./unit-file.ts";
import { type UnitPlaces, unitDirectory } from "./unit-places.ts";

interface PlannedFile {
  readonly name: string;
  readonly text: string;
}

/** See Installer.install, for systemd's timers. */
export async function installTimers(places: UnitPlaces, wish: UnitWish): Promise<InstallReport> {
  const directory = join(places.root, unitDirectory);
  const files: PlannedFile[] = [];
  const jobs: InstalledJob[] = [];
  for (const job of wish.jobs) {
    const schedule = scheduleOfJob(job);
    if (schedule === null) continue;
    const unit = unitNameOf(job.name);
    const timer = await planTimer({ places, wish, directory }, { job: job.name, unit, schedule });
    files.push({ name: `${unit}.service`, text: serviceOfJob(wish, job) }, timer.file);
    jobs.push(timer.installed);
  }
  files.push({ name: "codex-backup-watch.service", text: serviceOfWatch(wish) });
  files.push({ name: "codex-backup-watch.timer", text: formatWatchTimer(wish.command.configPath) });
  const timers = files.map(({ name }) => name).filter((name) => name.endsWith(".timer"));
  const written = await writeAll(directory, wish, files);
  const { own } = await sortUnits(places, wish.command.configPath);
  const stale = own.filter(
    (path) =>
      path.startsWith(directory) &&
      !path.endsWith("/codex-backup.service") &&
      !written.some((file) => file.path === path),
  );
  const removal = await removeUnits(places, stale);
  return {
    files: written,
    jobs,
    removed: stale,
    commands: [...removal, ...(await startUnits(places, timers))],
  };
}

/** See Installer.install, for the service that schedules by itself. */
export async function installServe(places: UnitPlaces, wish: UnitWish): Promise<InstallReport> {
  const directory = join(places.root, unitDirectory);
  const name = "codex-backup.service";
  const files = await writeAll(directory, wish, [{ name, text: serviceOfServe(wish) }]);
  const jobs = wish.jobs.flatMap(({ name: job, schedule: cron, timezone }) =>
    cron === null ? [] : [{ job, times: [cron], configTimes: null, schedules: [{ cron, timezone }] }],
  );
  return { files, jobs, removed: [], commands: await startUnits(places, [name]) };
}

interface Planning {
  readonly places: UnitPlaces;
  readonly wish: UnitWish;
  readonly directory: string;
}

async function planTimer(
  { places, wish, directory }: Planning,
  { job, unit, schedule }: { readonly job: string; readonly unit: string; readonly schedule: Schedule },
): Promise<{ readonly file: PlannedFile; readonly installed: InstalledJob }> {
  const { configPath } = wish.command;
  const before = await readOwnUnit(join(directory, `${unit}.timer`), configPath);
  const wanted = formatCalendars(schedule, places.clock.now());
  const regular = wanted.filter((value) => !isCatchUpMoment(value));
  const edited = before === null || wish.resetTimes ? null : parseTimer(before, []);
  const calendars = edited?.isEdited ? edited.calendars : wanted;
  const text = formatTimer({ job, schedule, unit, configPath, asWritten: regular, calendars });
  const { calendars: counting } = parseTimer(text, readDropIns(join(directory, `${unit}.timer`)));
  const times = counting.filter((value) => !isCatchUpMoment(value));
  const configTimes = times.join("\n") === regular.join("\n") ? null : regular;
  const schedules = parseCalendars(times, places.hostTimezone).times;
  return { file: { name: `${unit}.timer`, text }, installed: { job, times, configTimes, schedules } };
}

/** All are looked at before the first is written. */
async function writeAll(directory: string, wish: UnitWish, files: readonly PlannedFile[]) {
  for (const { name } of files) await readOwnUnit(join(directory, name), wish.command.configPath);
  const written: InstallReport["files"][number][] = [];
  for (const { name, text } of files) {
    const path = join(directory, name);
    written.push({ path, state: (await writeUnit(path, text)) ? "written" : "unchanged" });
  }
  return written;
}

function startUnits(places: UnitPlaces, units: readonly string[]): Promise<readonly UnitStep[]> {
  return systemctl(places, [["daemon-reload"], ["enable", "--now", ...units]]);
}
