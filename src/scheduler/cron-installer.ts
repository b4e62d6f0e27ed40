import { stat } from "node:fs/promises";
import { join } from "node:path";
import { formatCronUnit, parseCronUnit } from "../domain/cron/cron-unit.ts";
import { type CronUnitPlan, planCronUnit } from "../domain/cron/cron-unit-plan.ts";
import { findCrontabFaults } from "../domain/cron/crontab-faults.ts";
import type { InstallReport, UnitWish } from "../domain/systemd/install-report.ts";
import { currentUser } from "../platform/owner.ts";
import { readOwnUnit, readUnit, unitFailure, writeUnit } from "./unit-file.ts";
import { cronFile, type UnitPlaces } from "./unit-places.ts";

/** See Installer.install, for cron. */
export async function installCron(places: UnitPlaces, wish: UnitWish): Promise<InstallReport> {
  const path = join(places.root, cronFile);
  const { configPath } = wish.command;
  const text = await readOwnUnit(path, configPath);
  const before = text === null ? null : parseCronUnit(text);
  const plan = planCronUnit(wish, {
    before: wish.resetTimes ? null : before,
    others: before?.others ?? [],
    hostTimezone: places.hostTimezone,
    now: places.clock.now(),
  });
  const isNew = await writeUnit(path, formatCronUnit(wish.command, plan));
  await checkWritten(path, plan);
  return {
    files: [{ path, state: isNew ? "written" : "unchanged" }],
    jobs: plan.jobs.map(({ name, times, asWritten }) => ({
      job: name,
      times,
      configTimes: times.join("\n") === asWritten.join("\n") ? null : asWritten,
      schedules: times.map((cron) => ({ cron, timezone: places.hostTimezone })),
    })),
    removed: [],
    commands: [],
  };
}

/** What cron will make of it is read as cron reads it. */
async function checkWritten(path: string, plan: CronUnitPlan): Promise<void> {
  const text = (await readUnit(path)) ?? "";
  const { mode, uid } = await stat(path);
  const faults = findCrontabFaults({ text, mode, uid: currentUser().uid === 0 ? uid : 0 });
  const read = parseCronUnit(text)?.jobs.map(({ name, times }) => [name, times]);
  const isSame = JSON.stringify(read) === JSON.stringify(plan.jobs.map(({ name, times }) => [name, times]));
  const [fault = isSame ? null : "it reads back with other times"] = faults;
  if (fault !== null) throw unitFailure("install", path, fault);
}
