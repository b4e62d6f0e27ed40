import type { Needs, Opened, Tool } from "./cli/cli.ts";
import type { Config, ConfigLoader } from "./config/config.ts";
import { Failure } from "./domain/failure.ts";
import { createStepNotes } from "./domain/runs/run-trace.ts";
import { type Clock, createSystemClock, sleep } from "./platform/clock.ts";
import { createSystemHost } from "./platform/host.ts";
import type { BuiltContext, ContextParts } from "./wiring/build-context.ts";
import { createFile } from "./wiring/create-file.ts";
import { createSecretFile } from "./wiring/create-secret-file.ts";
import { installerAt } from "./wiring/installer.ts";
import { observed } from "./wiring/observed-runs.ts";
import { readText } from "./wiring/read-text.ts";
import { replacePublicFile } from "./wiring/replace-public-file.ts";
import { createTokenFile } from "./wiring/token-file.ts";
import { unitLauncher } from "./wiring/unit-launcher.ts";
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
export function createTool({ env, cwd }: Surroundings): Tool {
  const clock = createSystemClock();
  let loader: Promise<ConfigLoader> | null = null;
  const configLoader = () => {
    loader ??= import("./config/load.ts").then(({ createConfigLoader }) =>
      createConfigLoader({ env, cwd, clock }),
    );
    return loader;
  };
  const open = (config: Config, needs: Needs) => openContext(config, needs, { clock, env });
  return {
    version: toolVersion(),
    hostTimezone: () => new Intl.DateTimeFormat().resolvedOptions().timeZone,
    now: clock.now,
    monotonicMs: clock.monotonicMs,
    configLoader,
    open,
    async fetchConfig(wish) {
      const { fetchKeptConfig } = await import("./wiring/fetch-config.ts");
      return fetchKeptConfig(wish, { clock, env });
    },
    createFile,
    createSecretFile,
    readText,
    replacePublicFile,
    tokenFile: (path, statePath) => createTokenFile({ path, statePath, clock, host: createSystemHost() }),
    async examine(wish) {
      const outside = { loader: await configLoader(), clock, env };
      const { examineHere } = await import("./wiring/examine.ts");
      const path = wish.asCron ? await outside.loader.locate(wish.configPath).catch(() => null) : null;
      if (path === null) return examineHere(wish, outside);
      const { examineAsCron } = await import("./wiring/examine-as-cron.ts");
      return examineAsCron(wish, path);
    },
    async serve(wish) {
      const { serve } = await import("./wiring/serve.ts");
      return serve(wish, { clock, env, cwd });
    },
    async scheduleOf(config, job) {
      const { installedSchedules } = await import("./wiring/installed-schedules.ts");
      return installedSchedules(config, clock)(job);
    },
    installer: (root) => installerAt(root, { clock, env }),
    launcher: unitLauncher,
    async demo(wish) {
      const { showDemo } = await import("./wiring/show-demo.ts");
      const openTool = async (path: string) => open(await (await configLoader()).load(path), wish.needs);
      return showDemo(wish, { clock, env, openTool });
    },
  };
}

interface Outside {
  readonly clock: Clock;
  readonly env: Surroundings["env"];
}

/** See Tool.open. */
async function openContext(config: Config, needs: Needs, { clock, env }: Outside): Promise<Opened> {
  const { createOperations } = await import("./operations/create-operations.ts");
  const steps = createStepNotes();
  const onProgress: typeof needs.onProgress = (progress) => {
    steps.note(progress, clock.now());
    needs.onProgress(progress);
  };
  const context = await buildOrTell({ config, needs: { ...needs, onProgress }, clock, env });
  const { log, host, version } = context;
  const origin = { version, host: host.name };
  return {
    operations: observed(createOperations(context), { config, clock, log, steps, origin }),
    setAside: context.setAside,
    async readLog(runId) {
      const { readRunLog } = await import("./platform/run-log.ts");
      return readRunLog(`${config.statePath}/logs`, runId);
    },
    sleep: (delayMs, signal) => sleep(clock, delayMs, signal),
    close: context.close,
  };
}

/** Whoever mends the catalog is a run: that it cannot be made at all must not stay between it and its log. */
async function buildOrTell(parts: ContextParts): Promise<BuiltContext> {
  const { buildContext } = await import("./wiring/build-context.ts");
  try {
    return buildContext(parts);
  } catch (error) {
    if (parts.needs.mendsCatalog && error instanceof Failure) {
      const { tellLostState } = await import("./wiring/tell-lost-state.ts");
      await tellLostState(parts, error);
    }
    throw error;
  }
}
