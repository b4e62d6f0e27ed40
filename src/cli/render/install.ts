import { formatInstant, type Instant } from "../../domain/instant.ts";
import { nextSlot, parseCron } from "../../domain/slots/schedule.ts";
import type {
  InstalledJob,
  InstallReport,
  UninstallReport,
  UnitStep,
} from "../../domain/systemd/install-report.ts";
import { renderColumns } from "./columns.ts";
import { describeMoment, describeUpcoming } from "./moment.ts";

interface NextSlot {
  readonly slot: Instant;
  readonly timezone: string;
}

/** The earliest of a job's times; null when it is switched off or when they cannot be read. */
function nextOf({ schedules }: InstalledJob, now: Instant): NextSlot | null {
  const found = schedules.flatMap(({ cron, timezone }) => {
    const slot = nextSlot(parseCron(cron, timezone), now);
    return slot === null ? [] : [{ slot, timezone }];
  });
  return found.toSorted((a, b) => a.slot - b.slot)[0] ?? null;
}

export function documentOfInstall({ files, jobs, removed, commands }: InstallReport, now: Instant) {
  const installed = jobs.map(({ job, times, configTimes, schedules }) => {
    const next = nextOf({ job, times, configTimes, schedules }, now);
    return { job, times, configTimes, nextSlot: next && formatInstant(next.slot) };
  });
  return { files, jobs: installed, removed, commands };
}

/** What was written, when each job is due next, what differs from the config, what is left to do. */
export function renderInstall({ files, jobs, removed, commands }: InstallReport, now: Instant): string {
  const written = files.map(({ path, state }) =>
    state === "written" ? `Wrote ${path}` : `${path} is as it was`,
  );
  const due = jobs.map((job) => [`  ${job.job}`, ...dueCells(job, now)]);
  const edited = jobs.flatMap(({ job, times, configTimes }) =>
    configTimes === null ? [] : [renderEdited(job, times, configTimes)],
  );
  return [
    ...written,
    ...removed.map((path) => `Removed ${path}: its job has no time in the config`),
    ...(due.length === 0 ? ["No job has a schedule."] : ["Due next:", renderColumns(due)]),
    ...edited,
    ...renderSteps(commands),
  ].join("\n");
}

function dueCells(job: InstalledJob, now: Instant): readonly string[] {
  const next = nextOf(job, now);
  if (next === null) return [job.times.length === 0 ? "switched off in the file" : job.times.join(" and ")];
  const { slot, timezone } = next;
  return [describeUpcoming(slot, now, timezone), `${describeMoment(slot, timezone)} ${timezone}`];
}

function renderEdited(job: string, times: readonly string[], configTimes: readonly string[]): string {
  const now = times.length === 0 ? "is switched off" : `has "${times.join('" and "')}"`;
  return `${job} ${now} in the installed file, where somebody edited it; the config says "${configTimes.join('" and "')}". To take that: --reset-times`;
}

function renderSteps(commands: readonly UnitStep[]): readonly string[] {
  const done = commands.filter(({ state }) => state === "done").map(({ argv }) => `Ran: ${argv.join(" ")}`);
  const left = commands.filter(({ state }) => state === "to do").map(({ argv }) => `  ${argv.join(" ")}`);
  return left.length === 0 ? done : [...done, "systemd is not running here; where it is:", ...left];
}

export function renderUninstall({ removed, shortened, left, commands }: UninstallReport): string {
  return [
    ...(removed.length + shortened.length === 0 ? ["Nothing of ours is installed for this config."] : []),
    ...removed.map((path) => `Removed ${path}`),
    ...shortened.map((path) => `Removed our lines from ${path}; those that somebody added stay`),
    ...left.map(({ path, reason }) => `Left ${path}: ${reason}`),
    ...renderSteps(commands),
  ].join("\n");
}
