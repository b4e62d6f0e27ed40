import { parseCrontab } from "../domain/cron/crontab.ts";
import { sortUnits } from "./remove-units.ts";
import { readUnit } from "./unit-file.ts";
import type { UnitPlaces } from "./unit-places.ts";

/** See Installer.userOf. The crontab is looked at first. */
export async function findInstalledUser(places: UnitPlaces, configPath: string): Promise<string | null> {
  const { own } = await sortUnits(places, configPath);
  for (const path of own) {
    const text = (await readUnit(path)) ?? "";
    const user = /^User=(.+)$/m.exec(text)?.[1] ?? userOfCrontab(text);
    if (user !== null) return user;
  }
  return null;
}

function userOfCrontab(text: string): string | null {
  const starting = parseCrontab(text, "system").flatMap((line) =>
    line.kind === "task" && /\srun \S+ --scheduled\b/.test(line.task.command) ? [line.task.user] : [],
  );
  return starting[0] ?? null;
}
