import { readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { InstallReport, UninstallReport, UnitWish } from "../domain/install-report.ts";
import { configPathOfUnit, isOwnUnit } from "../domain/unit-command.ts";
import { syncDirectory } from "../platform/files.ts";
import { installCron } from "./cron-installer.ts";
import type { Installer } from "./scheduler.ts";
import { systemctl } from "./systemctl.ts";
import { installServe, installTimers } from "./systemd-installer.ts";
import { readUnit, unitFailure } from "./unit-file.ts";
import { cronFile, type UnitPlaces, unitDirectory } from "./unit-places.ts";

/** See Installer. */
export function createInstaller(places: UnitPlaces): Installer {
  return {
    install: (wish) => install(places, wish),
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
  const units = join(places.root, unitDirectory);
  const names = (await readdir(units).catch(() => [])).filter((name) =>
    /^codex-backup(-.+)?\.(service|timer)$/.test(name),
  );
  const candidates = [join(places.root, cronFile), ...names.sort().map((name) => join(units, name))];
  const own: string[] = [];
  const left: { path: string; reason: string }[] = [];
  for (const path of candidates) {
    const text = await readUnit(path);
    if (text === null) continue;
    const owner = configPathOfUnit(text);
    if (owner === configPath) own.push(path);
    else left.push({ path, reason: isOwnUnit(text) ? `of the config ${owner}` : "not written by us" });
  }
  return { removed: own, left, commands: await remove(places, own) };
}

/** Units are stopped first: a timer without its file would go on until the next reload. */
async function remove(places: UnitPlaces, paths: readonly string[]) {
  const units = paths.map((path) => path.slice(path.lastIndexOf("/") + 1));
  const active = units.filter((name) => name.endsWith(".timer") || name === "codex-backup.service");
  const stopped = active.length === 0 ? [] : await systemctl(places, [["disable", "--now", ...active]]);
  for (const path of paths) {
    await unlink(path).catch((error: unknown) => {
      throw unitFailure("remove", path, error);
    });
    await syncDirectory(path.slice(0, path.lastIndexOf("/")));
  }
  return active.length === 0 ? [] : [...stopped, ...(await systemctl(places, [["daemon-reload"]]))];
}
