import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { type CronFile, startsIn, variablesIn } from "../../domain/doctor/checks/cron-file.ts";
import { judgeSchedule, type ScheduleFacts } from "../../domain/doctor/checks/schedule.ts";
import type { Diagnosis } from "../../domain/doctor/finding.ts";
import type { Job } from "../../domain/jobs/job.ts";
import { isUser, may, rightsAt, textAt } from "./ask.ts";
import { findProgram } from "./look-at-command.ts";
import { findStarters } from "./processes.ts";
import type { DoctorScene, MachinePaths } from "./scene.ts";
import { findTimers } from "./timers.ts";

/** Who starts the jobs tonight: cron, systemd, serve, or nobody. */
export async function lookAtSchedule(scene: DoctorScene, signal: AbortSignal): Promise<readonly Diagnosis[]> {
  const { context, config, hostTimezone, machine } = scene;
  const cronFiles = await cronFilesIn(machine.cronDirectory);
  const [starters, timers] = await Promise.all([
    findStarters(machine, config.path),
    findTimers(scene, signal),
  ]);
  return judgeSchedule({
    now: context.clock.now(),
    hostTimezone,
    jobs: context.jobs,
    configPath: config.path,
    cronFiles,
    timers,
    timerTimes: context.jobs.flatMap(({ name }) => {
      const installed = scene.installedTimes(name);
      return installed?.by === "systemd" ? [{ job: name, installed }] : [];
    }),
    ...starters,
    isSystemdHere: await may(machine.systemdMark, "see"),
    isContained: await isContained(machine),
    log: await lastLogLine(machine),
    ...(await surroundingsOf(cronFiles, context.jobs)),
  });
}

/** A container that has a cron of its own is a machine like any other. */
async function isContained({ containerMarks, cronPrograms }: MachinePaths): Promise<boolean> {
  const isThere = (paths: readonly string[]) => Promise.all(paths.map((path) => may(path, "see")));
  return (await isThere(containerMarks)).includes(true) && !(await isThere(cronPrograms)).includes(true);
}

/** Those that speak of us, also under names that cron ignores. */
export async function cronFilesIn(directory: string): Promise<readonly CronFile[]> {
  const names = (await readdir(directory).catch(() => [])).sort();
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const text = await textAt(path);
      const rights = text?.includes("codex-backup") ? await rightsAt(path) : null;
      return text === null || rights === null ? [] : [{ path, text, ...rights }];
    }),
  );
  return files
    .flat()
    .filter(({ text, path }) => /^[^#]*codex-backup/m.test(text) || basename(path) === "codex-backup");
}

type Surroundings = Pick<ScheduleFacts, "unknownUsers" | "missingPrograms" | "lacking">;

async function surroundingsOf(files: readonly CronFile[], jobs: readonly Job[]): Promise<Surroundings> {
  const starts = files.flatMap(startsIn);
  const unknownUsers: string[] = [];
  for (const user of new Set(starts.map((start) => start.user))) {
    if (!(await isUser(user))) unknownUsers.push(user);
  }
  const missingPrograms: string[] = [];
  const lacking: { program: string; path: string; file: string }[] = [];
  for (const file of files) {
    const { PATH: path = "/usr/bin:/bin", SHELL: shell = "/bin/sh" } = variablesIn(file.text);
    for (const program of new Set([shell, ...startsIn(file).map((start) => start.program)])) {
      const found = await findProgram(program, path, "/");
      if (found === null || !(await may(found, "execute"))) missingPrograms.push(program);
    }
    for (const program of neededBy(jobs.filter(({ schedule }) => schedule !== null))) {
      if ((await findProgram(program, path, "/")) === null) lacking.push({ program, path, file: file.path });
    }
  }
  return { unknownUsers, missingPrograms, lacking };
}

/** Programs that the jobs start by name. Those of PostgreSQL are looked for in their own directories, too. */
function neededBy(jobs: readonly Job[]): readonly string[] {
  const names = jobs.flatMap((job) => {
    if (job.kind === "command") return job.argv.slice(0, 1).filter((program) => !program.includes("/"));
    if (job.kind !== "postgres" || job.source.transport.kind === "local") return [];
    return [job.source.transport.kind === "ssh" ? "ssh" : job.source.transport.engine];
  });
  return [...new Set(names)];
}

/** The newest line in which cron tells that it started us. */
async function lastLogLine({ cronLogs }: MachinePaths): Promise<ScheduleFacts["log"]> {
  const there = await Promise.all(cronLogs.map(async (path) => ((await may(path, "see")) ? [path] : [])));
  const texts = await Promise.all(there.flat().map(textAt));
  if (texts.length > 0 && texts.every((text) => text === null)) return "unreadable";
  for (const text of texts) {
    const line = text?.split("\n").findLast((one) => /cron/i.test(one) && one.includes("codex-backup"));
    if (line !== undefined) return { line };
  }
  return null;
}
