import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Job } from "../../src/domain/jobs/job.ts";
import type { Context } from "../../src/operations/context.ts";
import type { DoctorScene } from "../../src/operations/doctor/scene.ts";
import { exportSigningKey } from "../../src/operations/keys/signing-key.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { capsuleJob, createRealContext, type RealContextOptions } from "./real-context.ts";

export interface DoctorHome {
  readonly home: string;
  readonly scene: DoctorScene;
  path(...parts: readonly string[]): string;
  /** Writes a file under the home; its directory must be there. */
  write(name: string, text: string, mode?: number): void;
}

export interface DoctorHomeOptions extends Pick<RealContextOptions, "env"> {
  /** Default: a capsule of a small tree, planned for two o'clock. */
  readonly jobs?: (home: string) => readonly Job[];
}

const configPath = "/etc/codex-backup/config.yaml";

/**
 * A machine where everything is well: a tree, an initialised destination, state, a cron file that starts the jobs,
 * and a process list with cron in it. What the kernel and Debian keep lies in directories of the test's own.
 */
export async function openDoctorHome(options: DoctorHomeOptions = {}): Promise<DoctorHome> {
  const home = temporaryDirectory("doctor");
  const path = (...parts: readonly string[]) => join(home, ...parts);
  const write = (name: string, text: string, mode = 0o600) => writeFileSync(path(name), text, { mode });
  for (const folder of ["tree", "state", "cron.d", "proc/77", "units", "log"])
    mkdirSync(path(folder), { recursive: true, mode: 0o700 });
  write("tree/one.txt", "one\n");
  write("proc/77/cmdline", "/usr/sbin/cron\0-f\0");
  const jobs = options.jobs?.(home) ?? [capsuleJob(path("tree"), { to: ["backups"], schedule: "0 2 * * *" })];
  const context = createRealContext({ home, jobs, destinations: ["backups"], env: options.env ?? {} });
  const launcher = join(import.meta.dirname, "../../bin/codex-backup");
  const lines = jobs.map(({ name }) => `0 2 * * * root ${launcher} --config ${configPath} -q run ${name}\n`);
  write("cron.d/codex-backup", `PATH=/usr/bin:/bin\n${lines.join("")}`, 0o644);
  await context.destinations.get("backups")?.initialise();
  await context.signatures.generate();
  await exportSigningKey(context, { who: "tester", deliver: async () => undefined });
  return { home, path, write, scene: sceneOf(context, path) };
}

function sceneOf(context: Context, path: DoctorHome["path"]): DoctorScene {
  return {
    context,
    allJobs: context.jobs,
    config: { path: configPath, failure: null, counts: "1 job, 1 destination" },
    catalogFailure: null,
    places: [{ name: "backups", path: path("backups"), owner: null, fileMode: 0o600, directoryMode: 0o700 }],
    alerts: { channels: [], isPinging: true },
    hostTimezone: "UTC",
    installedTimes: () => null,
    user: "root",
    nodeVersion: "26.10.0",
    machine: {
      cronDirectory: path("cron.d"),
      systemdDirectories: [path("units")],
      fstab: path("fstab"),
      mounts: path("mounts"),
      proc: path("proc"),
      cronPidFile: path("crond.pid"),
      containerMarks: [path("dockerenv")],
      cronPrograms: [path("cron")],
      cronLogs: [path("log/cron.log")],
      systemdMark: path("systemd"),
    },
  };
}

/** The same machine with another context. */
export function withContext(scene: DoctorScene, context: Partial<Context>): DoctorScene {
  return { ...scene, context: { ...scene.context, ...context } };
}
