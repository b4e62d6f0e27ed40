import type { Instant } from "../../instant.ts";
import type { Job } from "../../jobs/job.ts";
import { compareTimes, type InstalledTimes } from "../../slots/installed-schedule.ts";
import { type Diagnosis, diagnose, shellWord } from "../finding.ts";
import {
  type CronFile,
  type CronStart,
  type CronSurroundings,
  isIgnoredByCron,
  isOfConfig,
  judgeCronFile,
  startsIn,
} from "./cron-file.ts";

/** A timer of systemd with the job that its service runs. */
export interface TimerFacts {
  readonly unit: string;
  readonly jobs: readonly string[];
  readonly isEnabled: boolean;
  readonly isActive: boolean;
}

export interface ScheduleFacts extends CronSurroundings {
  readonly now: Instant;
  readonly hostTimezone: string;
  readonly jobs: readonly Pick<Job, "name" | "schedule" | "timezone">[];
  readonly cronFiles: readonly CronFile[];
  readonly isCronRunning: boolean;
  readonly timers: readonly TimerFacts[];
  /** When the timers fire. */
  readonly timerTimes: readonly { readonly job: string; readonly installed: InstalledTimes }[];
  /** Process ids of `codex-backup serve` that may be of this configuration. */
  readonly serving: readonly number[];
  readonly isSystemdHere: boolean;
  /** Inside of a container, where the host's cron and processes cannot be seen. */
  readonly isContained: boolean;
  /** What cron last wrote about us; null: nothing there; "unreadable". */
  readonly log: { readonly line: string } | "unreadable" | null;
}

/** Who starts the jobs tonight, and whether it will. */
export function judgeSchedule(facts: ScheduleFacts): readonly Diagnosis[] {
  const planned = facts.jobs.filter(({ schedule }) => schedule !== null);
  if (planned.length === 0)
    return [diagnose("schedule.ok", "schedule", "no job has a schedule: all are run by hand")];
  const files = facts.cronFiles.map((file) => ({ file, found: judgeCronFile(file, facts) }));
  const starts = files
    .flatMap(({ file }) => startsIn(file))
    .filter((start) => isOfConfig(start, facts.configPath));
  const isCronUsed = starts.length > 0;
  const found = [
    ...files.flatMap((one) => one.found),
    ...(isCronUsed && !facts.isCronRunning ? [cronDead(facts)] : []),
    ...facts.timers.filter(({ isEnabled, isActive }) => !isEnabled || !isActive).map(timerInactive),
    ...judgeStarters(facts, starts),
    ...planned.flatMap((job) => [...judgeTwice(job, starts), ...judgeTime(facts, job, starts)]),
  ];
  const isLost = files.some((one) => isIgnoredByCron(one.found));
  const isWell = !isLost && found.every(({ severity }) => severity !== "blocker" && severity !== "unknown");
  return [...(isWell ? [starters(facts, starts)] : []), ...found, ...judgeLog(facts, isCronUsed)];
}

function starters({ serving, timers }: ScheduleFacts, starts: readonly CronStart[]): Diagnosis {
  const ways = [
    ...(starts.length > 0 ? ["cron"] : []),
    ...(timers.length > 0 ? ["systemd"] : []),
    ...serving.map((pid) => `codex-backup serve (process ${pid})`),
  ];
  return diagnose("schedule.ok", "schedule", `${ways.join(" and ")} will start the jobs`);
}

function cronDead({ isSystemdHere }: ScheduleFacts): Diagnosis {
  const commands = isSystemdHere ? ["systemctl enable --now cron"] : ["service cron start"];
  return diagnose("schedule.cron-dead", "cron", {
    message: "the lines are installed, and no cron runs on this machine",
    commands,
  });
}

function timerInactive({ unit, isEnabled }: TimerFacts): Diagnosis {
  const seen = isEnabled ? "enabled and not active" : "not enabled";
  return diagnose("schedule.timer-inactive", unit, {
    message: `the timer is ${seen}, so that it does not fire`,
    commands: [`systemctl enable --now ${shellWord(unit)}`],
  });
}

/** Each job must have one who starts it; two would meet at its lock each night. */
function judgeStarters(facts: ScheduleFacts, starts: readonly CronStart[]): readonly Diagnosis[] {
  const { jobs, timers, serving } = facts;
  const planned = jobs.filter(({ schedule }) => schedule !== null);
  if (starts.length === 0 && timers.length === 0 && serving.length === 0) return [nobody(facts, planned)];
  return planned.flatMap(({ name }) => {
    const ways = [
      ...(starts.some((start) => start.isAll || start.jobs.includes(name)) ? ["cron"] : []),
      ...(timers.some((timer) => timer.jobs.includes(name)) ? ["systemd"] : []),
      ...(serving.length > 0 ? ["codex-backup serve"] : []),
    ];
    if (ways.length === 0) {
      const message = "it has a schedule, and nothing starts it tonight";
      return [diagnose("schedule.not-started", name, { message, commands: [installCommand(facts)] })];
    }
    if (ways.length === 1) return [];
    const message = `${ways.join(" and ")} would both start it: one finds it busy, or it runs twice`;
    return [diagnose("schedule.two", name, { message, commands: ["codex-backup schedule uninstall"] })];
  });
}

function nobody(facts: ScheduleFacts, planned: readonly Pick<Job, "name">[]): Diagnosis {
  const names = planned.map(({ name }) => name).join(", ");
  if (facts.isContained) {
    const seen = "this runs inside of a container, and what starts it there cannot be seen from here";
    return diagnose("schedule.unseen", "schedule", `${names}: ${seen}`);
  }
  return diagnose("schedule.nobody", "schedule", {
    message: `${names}: a schedule, and neither cron nor systemd nor codex-backup serve starts anything`,
    commands: [installCommand(facts)],
  });
}

/**
 * The way that is in use already: the other one would start the rest of the jobs twice. An install keeps what was
 * edited in the installed file, also a line that was switched off there.
 */
function installCommand({ isSystemdHere, timers, configPath, cronFiles }: ScheduleFacts): string {
  const isCron = timers.length === 0 && (cronFiles.length > 0 || !isSystemdHere);
  const way = isCron ? "--cron" : "--systemd";
  const reset = timers.length > 0 || cronFiles.length > 0 ? " --reset-times" : "";
  return `codex-backup --config ${shellWord(configPath)} schedule install ${way}${reset}`;
}

/** A copy of the file under another name, or a line that was copied. */
function judgeTwice({ name }: Pick<Job, "name">, starts: readonly CronStart[]): readonly Diagnosis[] {
  const mine = starts.filter((start) => start.isAll || start.jobs.includes(name));
  const again = mine.filter((one) => mine.some((other) => other !== one && other.cron === one.cron));
  if (again.length === 0) return [];
  const places = again.map(({ file, number }) => `${file} line ${number}`).join(" and ");
  const message = `${places} would both start it: one finds it busy, or it runs twice`;
  const files = [...new Set(again.map(({ file }) => file))].map(shellWord).join(" ");
  return [diagnose("schedule.two", name, { message, commands: [`grep -n codex-backup ${files}`] })];
}

/** What is installed wins over the configuration; the operator should know. */
function judgeTime(
  facts: ScheduleFacts,
  job: Pick<Job, "name" | "schedule" | "timezone">,
  starts: readonly CronStart[],
): readonly Diagnosis[] {
  const { hostTimezone, now } = facts;
  const mine = starts.filter((start) => start.isAll || start.jobs.includes(job.name));
  const lines: InstalledTimes = {
    by: "cron",
    path: mine[0]?.file ?? "",
    times: [...new Set(mine.map(({ cron }) => cron))].map((cron) => ({ cron, timezone: hostTimezone })),
    unreadable: [],
  };
  const timers = facts.timerTimes.filter((one) => one.job === job.name).map((one) => one.installed);
  return [...(mine.length > 0 ? [lines] : []), ...timers]
    .filter((installed) => compareTimes(job, installed, now) === "different")
    .map((installed) => differs(facts, job, installed));
}

function differs(
  { configPath }: ScheduleFacts,
  { name, schedule, timezone }: Pick<Job, "name" | "schedule" | "timezone">,
  { by, path, times, unreadable }: InstalledTimes,
): Diagnosis {
  const said = [...times.map((one) => `"${one.cron}" (${one.timezone})`), ...unreadable].join(", ");
  const message = `${path} starts it at ${said}, the configuration says "${schedule}" (${timezone}); what is installed wins`;
  const way = by === "cron" ? "--cron" : "--systemd";
  const command = `codex-backup --config ${shellWord(configPath)} schedule install ${way} --reset-times`;
  return diagnose("schedule.differs", name, { message, commands: [command] });
}

function judgeLog({ log }: ScheduleFacts, isCronUsed: boolean): readonly Diagnosis[] {
  if (!isCronUsed || log === null) return [];
  if (log === "unreadable")
    return [
      diagnose(
        "schedule.log-unknown",
        "cron",
        "neither /var/log/cron.log nor /var/log/syslog can be read by this user",
      ),
    ];
  return [diagnose("schedule.log", "cron", `cron last wrote: ${log.line.trim()}`)];
}
