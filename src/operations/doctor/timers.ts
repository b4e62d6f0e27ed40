import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { wordsOf } from "../../domain/doctor/checks/cron-file.ts";
import type { TimerFacts } from "../../domain/doctor/checks/schedule.ts";
import { outputOf, textAt } from "./ask.ts";
import type { DoctorScene } from "./scene.ts";

/** Timers whose service runs a job of ours. Where systemd does not run, none of them is active. */
export async function findTimers(
  { context, machine, config }: Pick<DoctorScene, "context" | "machine" | "config">,
  signal: AbortSignal,
): Promise<readonly TimerFacts[]> {
  const { childEnv, jobs } = context;
  const found = await Promise.all(machine.systemdDirectories.map((directory) => unitsIn(directory)));
  const units = new Map(
    found
      .toReversed()
      .flat()
      .filter(([, command]) => isOfConfig(command, config.path)),
  );
  return Promise.all(
    [...units].map(async ([unit, command]) => {
      const words = wordsOf(command);
      const after = words.slice(words.indexOf("run") + 1);
      const isAll = after.includes("--all");
      const ask = (verb: string) =>
        outputOf({ program: "systemctl", args: ["--quiet", verb, unit], env: childEnv }, signal);
      return {
        unit,
        jobs: jobs.map(({ name }) => name).filter((name) => isAll || after.includes(name)),
        isEnabled: (await ask("is-enabled")) !== null,
        isActive: (await ask("is-active")) !== null,
      };
    }),
  );
}

function isOfConfig(command: string, configPath: string): boolean {
  const words = wordsOf(command);
  return !words.includes("--config") || words.includes(configPath);
}

/** Names of timers, with what their services start. */
async function unitsIn(directory: string): Promise<readonly (readonly [string, string])[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) =>
    /^codex-backup.*\.timer$/.test(name),
  );
  const units = await Promise.all(
    names.map(async (name) => {
      const service = await textAt(join(directory, name.replace(/\.timer$/, ".service")));
      const [, command] = /^ExecStart=[-@:+!]*(.*)$/m.exec(service ?? "") ?? [];
      return command !== undefined && /\brun\b/.test(command) ? [[name, command] as const] : [];
    }),
  );
  return units.flat();
}
