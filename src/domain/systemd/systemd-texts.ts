import { type Job, leavesBackups } from "../jobs/job.ts";
import type { UnitWish } from "./install-report.ts";
import { formatServe, formatService, type ServiceReach } from "./systemd-exec.ts";

/** The text of the service that runs one job. */
export function serviceOfJob(wish: UnitWish, job: Job): string {
  return formatService({
    description: `codex-backup: ${job.name}`,
    command: wish.command,
    words: ["run", job.name, "--scheduled"],
    timeoutMs: limitOf(job),
    ...reachOf(wish, [job]),
  });
}

/** Each proof keeps its own limit, and waits for others on this host: nobody knows beforehand how long all of them take. */
function limitOf(job: Job): number | null {
  return isProving(job) ? null : job.timeoutMs;
}

function isProving(job: Job): boolean {
  return job.kind === "proof" || (leavesBackups(job) && job.prove.afterEach);
}

const watchLimitMs = 10 * 60_000;

/** The text of the watcher's service. */
export function serviceOfWatch(wish: UnitWish): string {
  const words = ["watch", "--once"];
  const description = "codex-backup: tell of runs that are missing or late, deliver messages";
  const { command } = wish;
  return formatService({ description, command, words, timeoutMs: watchLimitMs, ...reachOf(wish, []) });
}

/** The text of the service that schedules by itself. */
export function serviceOfServe(wish: UnitWish): string {
  const description = "codex-backup: runs every job at its time";
  return formatServe({ description, command: wish.command, ...reachOf(wish, wish.jobs) });
}

function reachOf({ writePaths, jobs: all }: UnitWish, own: readonly Job[]): ServiceReach {
  const proven = new Set(own.flatMap((job) => (job.kind === "proof" ? [job.of] : [])));
  const jobs = [...own, ...all.filter((job) => proven.has(job.name) && !own.includes(job))];
  return { ...reachOfAll(writePaths, jobs), startsServers: own.some(isProving) };
}

function reachOfAll(
  writePaths: readonly string[],
  jobs: readonly Job[],
): Omit<ServiceReach, "startsServers"> {
  const own = jobs.flatMap((job) => (job.kind === "command" && job.cwd !== null ? [job.cwd] : []));
  const sockets = jobs.flatMap((job) => (job.kind === "postgres" ? [job.source.host ?? ""] : []));
  const roots = jobs.flatMap((job) => (job.kind === "capsule" ? [job.source.root] : []));
  const isTemporary = (path: string) => /^\/(var\/)?tmp(\/|$)/.test(path);
  return {
    writePaths: [...writePaths, ...own],
    hasEngine: jobs.some((job) => startsEngine(job) || provesInEngine(job)),
    usesTmp: [...writePaths, ...own, ...sockets, ...roots].some(isTemporary),
  };
}

/** docker and kubectl are clients of a daemon; podman and nerdctl enter the container themselves. */
function startsEngine(job: Job): boolean {
  if (job.kind !== "postgres") return false;
  const { transport } = job.source;
  return transport.kind === "container" && !["docker", "kubectl"].includes(transport.engine);
}

function provesInEngine(job: Job): boolean {
  if (!leavesBackups(job)) return false;
  const { server } = job.prove;
  return server.kind === "container" && server.engine === "podman";
}
