import { createHash } from "node:crypto";
import { formatInstant, type Instant, parseInstant } from "../../src/domain/instant.ts";
import type { Job } from "../../src/domain/jobs/job.ts";
import type { RunReport } from "../../src/domain/runs/run-report.ts";
import type { Context } from "../../src/operations/context.ts";
import { claimSlot } from "../../src/operations/run/claim.ts";
import { decideSlots, skipSlot } from "../../src/operations/slots.ts";
import type { Log } from "../../src/platform/log.ts";
import { createScheduler, type LiveScheduler } from "../../src/scheduler/create-scheduler.ts";
import type { RunStarter, RunWish } from "../../src/scheduler/scheduler.ts";
import { createDrivenClock, type DrivenClock } from "../fakes/driven-clock.ts";
import { createMemoryContext } from "../fakes/memory-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";

/** A run that the scheduler has started and that ends when the test says so. */
export interface StartedRun {
  readonly job: string;
  readonly slot: string | null;
  readonly wish: RunWish;
  end(): void;
}

export interface SchedulerScene {
  readonly clock: DrivenClock;
  readonly context: Context;
  readonly log: readonly string[];
  readonly started: readonly StartedRun[];
  /** "capsule 2026-11-21T02:00" for each, in the order of starting. */
  starts(): readonly string[];
  /** A new process over the same state; the one before is as if it was killed. */
  boot(): Promise<LiveScheduler>;
  /** Asks the present one to end. */
  stop(): Promise<void>;
  kill(): void;
}

export interface SceneOptions {
  readonly start: string;
  readonly jobs: readonly Job[];
  readonly concurrency?: number;
  /** Runs wait for `end`, else they end at once. */
  readonly isSlow?: boolean;
}

/** The real loop, decisions and catalog; a driven clock, and in place of processes the claims that they make. */
export function openSchedulerScene({
  start,
  jobs,
  concurrency = 2,
  isSlow = false,
}: SceneOptions): SchedulerScene {
  const at = parseInstant(start);
  if (at === null) throw new Error(start);
  const clock = createDrivenClock(at);
  const statePath = temporaryDirectory("scheduler");
  const base = createMemoryContext({ statePath, jobs, destinations: [], clock });
  const log: string[] = [];
  const started: StartedRun[] = [];
  let controller = new AbortController();
  let working: Promise<void> = Promise.resolve();
  let boots = 0;
  const context: Context = { ...base, log: logInto(log) };
  return {
    clock,
    context,
    log,
    started,
    starts: () => started.map(({ job, slot }) => `${job} ${slot?.slice(0, 16) ?? "by hand"}`),
    async boot() {
      boots += 1;
      const process = {
        ...context,
        host: { ...context.host, pid: boots, isAlive: (pid: number) => pid === boots },
      };
      // Without files: what is put right at a start is another test's, and its reading takes real time.
      const operations = {
        decideSlots: async () => decideSlots(process),
        skipSlot: async (job: string, passed: Parameters<typeof skipSlot>[2]) =>
          skipSlot(process, job, passed),
        reconcile: async () => [],
      };
      const starter = starterOf(process, started, isSlow);
      const plan = () => ({ jobs, concurrency, drainMs: 60_000, operations, starter });
      const scheduler = createScheduler({ clock, log: context.log, plan });
      controller = new AbortController();
      working = scheduler.work(controller.signal);
      await clock.pass(1100);
      return scheduler;
    },
    async stop() {
      controller.abort();
      await clock.pass(0);
      await working;
    },
    kill: () => controller.abort(),
  };
}

function logInto(lines: string[]): Log {
  const write = (first: unknown, message?: string) => void lines.push(message ?? String(first));
  const log = { debug: write, info: write, warn: write, error: write, child: () => log };
  // biome-ignore lint/suspicious/noExplicitAny: the rooms use these five methods of pino's logger only
  return log as any;
}

/** What a run's process does first: it claims, and one that comes second leaves nothing. */
function starterOf(context: Context, started: StartedRun[], isSlow: boolean): RunStarter {
  return {
    async start(wish) {
      const job = context.jobs.find(({ name }) => name === wish.job);
      if (!job) throw new Error(wish.job);
      const runId = runIdOf(started.length);
      const { slot, signal } = wish;
      if (slot !== null && (await claimSlot(context, job, { slot, runId, signal })).kind === "none")
        return [];
      const { promise, resolve } = Promise.withResolvers<void>();
      const slotText = slot === null ? null : formatInstant(slot);
      started.push({ job: job.name, slot: slotText, wish, end: resolve });
      context.catalog.startRun(rowOf(context, { job, slot, runId }));
      wish.onEvent({ kind: "started", job: job.name, runId, slot });
      signal.addEventListener("abort", () => resolve(), { once: true });
      if (isSlow) await promise;
      const row = context.catalog.run(runId);
      if (row) context.catalog.updateRun({ ...row, finishedAt: context.clock.now(), outcome: "complete" });
      return [reportOf(job.name, runId)];
    },
  };
}

function runIdOf(count: number): string {
  return `20261123T010000Z-${createHash("sha256").update(String(count)).digest("hex").slice(0, 6)}`;
}

function rowOf(
  { clock, host }: Context,
  { job, slot, runId }: { readonly job: Job; readonly slot: Instant | null; readonly runId: string },
) {
  return {
    runId,
    job: job.name,
    database: null,
    slot,
    startedAt: clock.now(),
    finishedAt: null,
    outcome: null,
    backupId: null,
    failure: null,
    warnings: [],
    summary: "running",
    pid: host.pid,
    bootId: host.bootId,
    host: host.name,
  } as const;
}

function reportOf(job: string, runId: string): RunReport {
  return {
    runId,
    job,
    database: null,
    slot: null,
    outcome: "complete",
    level: "unknown",
    startedAt: "",
    durationMs: 0,
    windowMs: null,
    backup: null,
    copies: [],
    pruned: null,
    warnings: [],
    failure: null,
    summary: "complete",
    exit: 0,
  };
}
