import { copyFile, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Config, ConfigLoader } from "../config/config.ts";
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

/** Where the service keeps the config that its runs go by. */
export function snapshotPath(statePath: string): string {
  return join(statePath, "serve-config.yaml");
}

/** The state directory that the config names, made where it is not there. Throws as ConfigLoader.load does. */
export async function openState(parts: ServeConfigParts): Promise<string> {
  const statePath = await namedState(parts);
  await mkdir(statePath, { recursive: true, mode: 0o700 });
  return statePath;
}

/**
 * Reads the config whole, and keeps a copy of exactly that text for the runs: what is edited later, rightly or
 * not, takes effect at the next reload and not in the middle of a night. `statePath`: the state directory in use,
 * whose lock the caller holds: another service's copy must not be replaced. Throws as ConfigLoader.load does, and
 * then leaves the old copy.
 */
export async function takeConfig(parts: ServeConfigParts, statePath: string): Promise<Config> {
  const named = await namedState(parts);
  if (named !== statePath) throw stateMoved(statePath, named);
  const kept = snapshotPath(statePath);
  const candidate = `${kept}.new`;
  await copyFile(parts.configPath, candidate);
  const config = await loaderOf(parts, candidate).load(parts.configPath, { secrets: "passwords" });
  await rename(candidate, kept);
  return config;
}

async function namedState(parts: ServeConfigParts): Promise<string> {
  const { statePath } = await loaderOf(parts, undefined).load(parts.configPath, { secrets: "closed" });
  return statePath;
}

/** Without a snapshot the file itself counts. */
function loaderOf({ cwd, env, clock }: ServeConfigParts, snapshot: string | undefined): ConfigLoader {
  return createConfigLoader({ cwd, clock, env: { ...env, [snapshotVariable]: snapshot } });
}

function stateMoved(before: string, after: string): Failure {
  return new Failure(
    "config.invalid",
    `Cannot take the config over: state is "${after}" now and was "${before}"`,
    { hint: "Restart the service to move its state." },
  );
}
