import type { ConfigFacts } from "../../domain/doctor/checks/config.ts";
import type { FailureReport } from "../../domain/failure.ts";
import type { FileOwner } from "../../domain/jobs/job.ts";
import type { InstalledTimes } from "../../domain/slots/installed-schedule.ts";
import type { Context } from "../context.ts";

/** Everything that doctor looks at; built by wiring even where the catalog cannot be opened. */
export interface DoctorScene {
  /** Its jobs are those that were asked for. Its catalog is an empty one where the real one cannot be opened. */
  readonly context: Context;
  readonly config: Pick<ConfigFacts, "path" | "failure" | "counts">;
  readonly catalogFailure: FailureReport | null;
  /** All jobs of the configuration, for questions about all of them. */
  readonly allJobs: Context["jobs"];
  readonly places: readonly DestinationPlace[];
  readonly alerts: { readonly channels: readonly string[]; readonly isPinging: boolean };
  readonly hostTimezone: string;
  /** What an install has written for a job; null when nothing starts it. Throws never. */
  installedTimes(job: string): InstalledTimes | null;
  /** Who runs us. */
  readonly user: string;
  readonly nodeVersion: string;
  readonly machine: MachinePaths;
}

/** A destination that is a directory of this host, as configured. */
export interface DestinationPlace {
  readonly name: string;
  readonly path: string;
  readonly owner: FileOwner | null;
  readonly fileMode: number;
  readonly directoryMode: number;
}

/** Where this machine keeps what doctor reads. */
export interface MachinePaths {
  readonly cronDirectory: string;
  readonly systemdDirectories: readonly string[];
  readonly fstab: string;
  readonly mounts: string;
  readonly proc: string;
  /** Believed only where the processes of others cannot be seen. */
  readonly cronPidFile: string;
  /** Left by container engines inside of what they start. */
  readonly containerMarks: readonly string[];
  readonly cronPrograms: readonly string[];
  readonly cronLogs: readonly string[];
  /** There when systemd is process 1. */
  readonly systemdMark: string;
}

export const debianPaths: MachinePaths = {
  cronDirectory: "/etc/cron.d",
  systemdDirectories: ["/etc/systemd/system", "/lib/systemd/system"],
  fstab: "/etc/fstab",
  mounts: "/proc/self/mounts",
  proc: "/proc",
  cronPidFile: "/run/crond.pid",
  containerMarks: ["/.dockerenv", "/run/.containerenv", "/var/run/secrets/kubernetes.io"],
  cronPrograms: ["/usr/sbin/cron", "/usr/sbin/crond", "/usr/sbin/anacron"],
  cronLogs: ["/var/log/cron.log", "/var/log/syslog"],
  systemdMark: "/run/systemd/system",
};
