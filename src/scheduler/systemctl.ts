import { existsSync } from "node:fs";
import type { UnitStep } from "../domain/systemd/install-report.ts";
import { describeEnd, startChild, succeeded } from "../platform/child.ts";
import { unitFailure } from "./unit-file.ts";
import type { UnitPlaces } from "./unit-places.ts";

/**
 * Tells systemd, one command after the other, where it runs and these are its own files; else the commands are
 * left to the operator. Throws "scheduler.unit" when one fails.
 */
export async function systemctl(
  places: UnitPlaces,
  commands: readonly (readonly string[])[],
): Promise<readonly UnitStep[]> {
  const isUp = places.root === "/" && existsSync("/run/systemd/system"); // what sd_booted(3) looks at
  const steps: UnitStep[] = [];
  for (const args of commands) {
    const argv = ["systemctl", ...args];
    if (isUp) await run(places, argv);
    steps.push({ argv, state: isUp ? "done" : "to do" });
  }
  return steps;
}

async function run({ childEnv }: UnitPlaces, [program = "", ...args]: readonly string[]): Promise<void> {
  const child = await startChild({ program, args, env: childEnv });
  const end = await child.ended;
  if (succeeded(end)) return;
  throw unitFailure("start", [program, ...args].join(" "), `${end.stderr.trim() || describeEnd(end)}`);
}
