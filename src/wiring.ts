import type { Tool } from "./cli/cli.ts";
import type { ConfigLoader } from "./config/config.ts";
import { createSystemClock, sleep } from "./platform/clock.ts";
import { createFile } from "./wiring/create-file.ts";
import { toolVersion } from "./wiring/version.ts";

/** What the process was started with. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/**
 * Builds the product: names every concrete driver and passes objects into each other. Whatever a command
 * does not need is not even loaded.
 */
export function createTool(surroundings: Surroundings): Tool {
  const clock = createSystemClock();
  let loader: Promise<ConfigLoader> | null = null;
  return {
    version: toolVersion(),
    hostTimezone: () => new Intl.DateTimeFormat().resolvedOptions().timeZone,
    now: clock.now,
    monotonicMs: clock.monotonicMs,
    configLoader: () => {
      loader ??= import("./config/load.ts").then(({ createConfigLoader }) =>
        createConfigLoader({ ...surroundings, clock }),
      );
      return loader;
    },
    async open(config, needs) {
      const { buildContext } = await import("./wiring/build-context.ts");
      const { createOperations } = await import("./operations/create-operations.ts");
      const context = buildContext({ config, needs, clock, env: surroundings.env });
      return {
        operations: createOperations(context),
        async readLog(runId) {
          const { readRunLog } = await import("./platform/run-log.ts");
          return readRunLog(`${config.statePath}/logs`, runId);
        },
        sleep: (delayMs, signal) => sleep(clock, delayMs, signal),
        close: () => context.catalog.close(),
      };
    },
    createFile,
  };
}
