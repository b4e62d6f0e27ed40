import { readdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "../domain/failure.ts";
import type { UninstallReport, UnitStep } from "../domain/systemd/install-report.ts";
import { configPathOfUnit, isOwnUnit } from "../domain/systemd/unit-command.ts";
import { syncDirectory } from "../platform/files.ts";
import { systemctl } from "./systemctl.ts";
import { readUnit, unitFailure } from "./unit-file.ts";
import { cronFile, type UnitPlaces, unitDirectory } from "./unit-places.ts";

export interface SortedUnits {
  /** Paths of files that an install has written for this config. */
  readonly own: readonly string[];
  readonly left: UninstallReport["left"];
}

/** What lies in the places of ours, told apart by whose it is. Throws "scheduler.unit" for a place that cannot be read. */
export async function sortUnits(places: UnitPlaces, configPath: string): Promise<SortedUnits> {
  const units = join(places.root, unitDirectory);
  const names = (await namesIn(units)).filter((name) => /^codex-backup(-.+)?\.(service|timer)$/.test(name));
  const own: string[] = [];
  const left: UninstallReport["left"][number][] = [];
  for (const path of [join(places.root, cronFile), ...names.toSorted().map((name) => join(units, name))]) {
    const text = await readUnit(path);
    if (text === null) continue;
    const owner = configPathOfUnit(text);
    if (owner === configPath) own.push(path);
    else left.push({ path, reason: isOwnUnit(text) ? `of the config ${owner ?? "?"}` : "not written by us" });
  }
  return { own, left };
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw unitFailure("list", directory, error);
  }
}

/** Units are stopped first: a timer without its file would go on until the next reload. */
export async function removeUnits(
  places: UnitPlaces,
  paths: readonly string[],
): Promise<readonly UnitStep[]> {
  const units = paths.map((path) => path.slice(path.lastIndexOf("/") + 1));
  const active = units.filter((name) => name.endsWith(".timer") || name === "codex-backup.service");
  const stopped = active.length === 0 ? [] : await systemctl(places, [["disable", "--now", ...active]]);
  for (const path of paths) {
    await unlink(path).catch((error: unknown) => {
      throw unitFailure("remove", path, error);
    });
    await syncDirectory(dirname(path));
  }
  return active.length === 0 ? [] : [...stopped, ...(await systemctl(places, [["daemon-reload"]]))];
}
