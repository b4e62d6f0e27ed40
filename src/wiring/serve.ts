import type { ServeWish } from "../cli/cli.ts";
import { asFailure } from "../domain/failure.ts";
import { createOperations } from "../operations/create-operations.ts";
import type { Operations } from "../operations/operation.ts";
import type { Clock } from "../platform/clock.ts";
import { createSystemHost } from "../platform/host.ts";
import { createLog, type Log } from "../platform/log.ts";
import { createChildStarter } from "../scheduler/child-starter.ts";
import { createScheduler, type SchedulePlan } from "../scheduler/create-scheduler.ts";
import type { RunStarter } from "../scheduler/scheduler.ts";
import { buildContext } from "./build-context.ts";
import { notifySystemd, watchdogPart } from "./notify-systemd.ts";
import { ownProgram } from "./own-program.ts";
import { openState, snapshotPath, snapshotVariable, takeConfig } from "./serve-config.ts";
import { guardState, lockServe, type StateGuard } from "./serve-lock.ts";
import { keepWorking } from "./serve-part.ts";
import { type Beside, type Generation, partsOf } from "./serve-parts.ts";

export interface Outside {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/**
 * The service: the scheduler, which lives as long as the process, and parts beside it, which are begun anew with
 * each config. Settles when it was asked to end and all that ran has ended.
 */
export async function serve(wish: ServeWish, outside: Outside): Promise<void> {
  const { clock, env } = outside;
  const taken = { ...outside, configPath: wish.configPath };
  const statePath = await openState(taken);
  const lock = lockServe(statePath, createSystemHost(), clock);
  try {
    const config = await takeConfig(taken, statePath);
    const log = createLog({
      level: wish.logLevel,
      streams: [{ write: wish.writeLog }],
      secrets: () => service.current().config.secrets,
    });
    const service = createService(openGeneration(config, wish, outside), {
      log,
      outside,
      state: guardState(statePath),
      reopen: (same) => openGeneration(same, wish, outside),
    });
    wish.onHangup(
      () =>
        void service.reload(async () => openGeneration(await takeConfig(taken, statePath), wish, outside)),
    );
    log.info({ state: statePath, jobs: config.jobs.map(({ name }) => name) }, "serving");
    await notifySystemd(env, "READY=1");
    wish.signal.addEventListener("abort", () => void notifySystemd(env, "STOPPING=1"), { once: true });
    await service.work(wish.signal);
    log.info({}, "ended: nothing runs any more");
  } finally {
    lock.release();
  }
}

function openGeneration(config: Generation["config"], wish: ServeWish, { clock, env }: Outside): Generation {
  const onLog: Parameters<typeof buildContext>[0]["needs"]["onLog"] = ({ time, level, message, fields }) =>
    wish.writeLog(`${JSON.stringify({ level, time, ...fields, msg: message })}\n`);
  const needs = { onProgress: () => undefined, logLevel: "warn", onLog, mendsCatalog: true } as const;
  const context = buildContext({ config, needs, clock, env });
  return { config, context, operations: createOperations(context) };
}

interface Service {
  current(): Generation;
  /** Rejects when its state directory was lost, after what runs has ended. */
  work(signal: AbortSignal): Promise<void>;
  /** Never rejects: a config that cannot be taken over leaves the old one. */
  reload(open: () => Promise<Generation>): Promise<void>;
}

interface ServiceParts {
  readonly log: Log;
  readonly outside: Outside;
  readonly state: StateGuard;
  /** Builds everything anew on a config that was taken. */
  readonly reopen: (config: Generation["config"]) => Generation;
}

function createService(first: Generation, { log, outside, state, reopen }: ServiceParts): Service {
  const { clock, env } = outside;
  let current = first;
  let parts: StartedParts = { end: async () => undefined };
  let isEnding = false;
  let reloaded: Promise<void> = Promise.resolve(); // one after the other
  const plan = (): SchedulePlan => ({
    jobs: current.config.jobs,
    ...current.config.scheduler,
    operations: guarded(current.operations, state),
    starter,
  });
  const starter = starterOf(outside, () => current);
  const scheduler = createScheduler({ clock, log, plan });
  const reload = (open: () => Promise<Generation>): Promise<void> => {
    reloaded = reloaded.then(() => reloadOnce(open));
    return reloaded;
  };
  const beginParts = () => {
    const onReplaced = () => void reload(async () => reopen(current.config));
    parts = startParts(current, { scheduler, log, onReplaced }, outside);
  };

  return {
    current: () => current,
    async work(asked) {
      const signal = AbortSignal.any([asked, state.lost]);
      const mended = mendCatalog(current, log, signal);
      beginParts();
      const watchdog = watchdogPart(env, clock, () => scheduler.trouble() === null);
      const beside = new AbortController();
      const alive = watchdog === null ? null : keepWorking(watchdog, beside.signal, { clock, log });
      await keepWorking({ name: "scheduler", work: scheduler.work }, signal, { clock, log });
      isEnding = true;
      await parts.end();
      beside.abort();
      await Promise.all([alive, mended]);
      await current.context.close();
      state.lost.throwIfAborted();
    },
    reload,
  };

  async function reloadOnce(open: () => Promise<Generation>): Promise<void> {
    if (isEnding) return;
    try {
      state.demand();
      const next = await open();
      const before = current;
      current = next;
      scheduler.wake();
      log.info({ jobs: next.config.jobs.map(({ name }) => name) }, "the config was taken over");
      await parts.end().then(before.context.close);
      if (!isEnding) beginParts();
    } catch (error) {
      const { code, hint, message } = asFailure(error, "run.internal", "Cannot take the config over");
      log.error({ code, hint }, `the config stays as it was: ${message}`);
    }
  }
}

/** Nothing is decided on a state that no run would see: whatever looks after the service starts it again. */
function guarded(operations: Operations, state: StateGuard): Operations {
  return {
    ...operations,
    async decideSlots() {
      state.demand();
      return operations.decideSlots();
    },
  };
}

/** A catalog that was damaged is made anew beside the work: nothing that is due waits for it. */
async function mendCatalog(
  { context, operations }: Generation,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  if (context.setAside === null) return;
  log.error({}, `the catalog was damaged and has been moved to ${context.setAside}; it is made anew`);
  await operations.rebuildCatalog(signal).catch((error: unknown) => {
    log.error({}, asFailure(error, "run.internal", "Cannot rebuild the catalog").message);
  });
}

function starterOf({ clock, env }: Outside, current: () => Generation): RunStarter {
  const { file, args } = ownProgram();
  return {
    start(wish) {
      const { config } = current();
      const passed = Object.entries(env).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value]],
      );
      return createChildStarter({
        clock,
        program: [file, ...args, "--config", config.path],
        env: { ...Object.fromEntries(passed), [snapshotVariable]: snapshotPath(config.statePath) },
        onDied: async () => void (await current().operations.decideSlots()), // its config may have been replaced
      }).start(wish);
    },
  };
}

interface StartedParts {
  /** Settles when all of them have ended. */
  end(): Promise<undefined>;
}

function startParts(generation: Generation, beside: Beside, { clock }: Pick<Outside, "clock">): StartedParts {
  const controller = new AbortController();
  const around = { clock, log: beside.log };
  const working = partsOf(generation, beside).map((part) => keepWorking(part, controller.signal, around));
  return {
    async end() {
      controller.abort();
      await Promise.all(working);
      return undefined;
    },
  };
}
