import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Config, ConfigLoader, LoadOptions } from "../../src/config/config.ts";
import { createConfigLoader } from "../../src/config/load.ts";
import { Failure } from "../../src/domain/failure.ts";
import { createSystemClock } from "../../src/platform/clock.ts";

/** A directory of its own for one test, in which configs are written and loaded as a user would. */
export interface ConfigFolder {
  readonly path: string;
  readonly loader: ConfigLoader;
  /** Writes a file (mode 0600 unless told otherwise) and returns its path. */
  write(name: string, content: string | Uint8Array, mode?: number): Promise<string>;
  /** Writes config.yaml and loads it. */
  load(yaml: string, options?: LoadOptions): Promise<Config>;
  /** Writes config.yaml, which must be refused; paths are cut from the message. */
  refuse(
    yaml: string | Uint8Array,
    mode?: number,
  ): Promise<{ readonly code: string; readonly lines: readonly string[] }>;
}

/** Removed again when the test ends. `env` is all that the config sees of the environment. */
export async function createConfigFolder(
  context: TestContext,
  env: Readonly<Record<string, string>> = {},
): Promise<ConfigFolder> {
  const path = await mkdtemp(join(tmpdir(), "codex-backup-config-"));
  context.after(() => rm(path, { recursive: true, force: true }));
  const loader = createConfigLoader({
    env: { PATH: "/usr/bin:/bin", ...env },
    cwd: path,
    clock: createSystemClock(),
  });

  async function write(name: string, content: string | Uint8Array, mode = 0o600): Promise<string> {
    const file = join(path, name);
    await rm(file, { force: true });
    await writeFile(file, content, { mode });
    return file;
  }

  return {
    path,
    loader,
    write,
    load: async (yaml, options) => loader.load(await write("config.yaml", yaml), options),
    async refuse(yaml, mode) {
      const file = await write("config.yaml", yaml, mode);
      try {
        await loader.load(file);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return { code: error.code, lines: error.message.replaceAll(`${path}/`, "").split("\n") };
      }
      throw new Error("the config was accepted");
    },
  };
}
