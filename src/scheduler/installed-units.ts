import { join } from "node:path";
import { formatOthers } from "../domain/cron/cron-unit.ts";
import type { InstallReport, UninstallReport, UnitWish } from "../domain/systemd/install-report.ts";
import { installCron } from "./cron-installer.ts";
import { findInstalledUser } from "./installed-user.ts";
import { removeUnits, sortUnits } from "./remove-units.ts";
import type { Installer } from "./scheduler.ts";
import { installServe, installTimers } from "./systemd-installer.ts";
import { readUnit, writeUnit } from "./unit-file.ts";
import { cronFile, type UnitPlaces } from "./unit-places.ts";

/** See Installer. */
export function createInstaller(places: UnitPlaces): Installer {
  return {
    install: (wish) => install(places, wish),
    userOf: (configPath) => findInstalledUser(places, configPath),
    uninstall: (configPath) => uninstall(places, configPath),
  };
}

function install(places: UnitPlaces, wish: UnitWish): Promise<InstallReport> {
  switch (wish.how) {
    case "cron":
      return installCron(places, wish);
    case "timers":
      return installTimers(places, wish);
    case "serve":
      return installServe(places, wish);
    default:
      return wish.how satisfies never;
  }
}

async function uninstall(places: UnitPlaces, configPath: string): Promise<UninstallReport> {
  const { own, left } = await sortUnits(places, configPath);
  const cron = join(places.root, cronFile);
  const others = own.includes(cron) ? formatOthers((await readUnit(cron)) ?? "") : null;
  if (others === null) return { removed: own, shortened: [], left, commands: await removeUnits(places, own) };
  await writeUnit(cron, others);
  const removed = own.filter((path) => path !== cron);
  return { removed, shortened: [cron], left, commands: await removeUnits(places, removed) };
}
