import { copyFile, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { createConfigLoader } from "../config/load.ts";
import { Failure } from "../domain/failure.ts";
import type { Clock } from "../platform/clock.ts";

export interface ServeConfigParts {
  readonly configPath: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** Tells the runs that `serve` starts where its own copy of the config lies. */
export const snapshotVariable = "CODEX_BACKUP_CONFIG_SNAPSHOT";

export function snapshotPath(statePath: string): string {
  return join(statePath, "serve-config.yaml");
}

/**
 * Reads the config whole, and keeps a copy of exactly that text for the runs: what is edited later, rightly or
 * not, takes effect at the next reload and not in the middle of a night. `before`: the state directory in use.
 * Throws as ConfigLoader.load does, and then leaves the old copy.
 */
export async function takeConfig(parts: ServeConfigParts, before: string | null): Promise<Config> {
  const { configPath, cwd, env, clock } = parts;
  const plain = createConfigLoader({ cwd, clock, env: { ...env, [snapshotVariable]: undefined } });
  const { statePath } = await plain.load(configPath, { secrets: "closed" });
  if (before !== null && before !== statePath) throw stateMoved(before, statePath);
  await mkdir(statePath, { recursive: true, mode: 0o700 });
  const kept = snapshotPath(statePath);
  const candidate = `${kept}.new`;
  await copyFile(configPath, candidate);
  const loader = createConfigLoader({ cwd, clock, env: { ...env, [snapshotVariable]: candidate } });
  const config = await loader.load(configPath, { secrets: "passwords" });
  await rename(candidate, kept);
  return config;
}

function stateMoved(before: string, after: string): Failure {
  return new Failure(
    "config.invalid",
    `Cannot take the config over: state is "${after}" now and was "${before}"`,
    { hint: "Restart the service to move its state." },
  );
}
