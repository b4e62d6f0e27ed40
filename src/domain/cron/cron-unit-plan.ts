import { Failure } from "../failure.ts";
import type { Instant } from "../instant.ts";
import { leavesBackups } from "../jobs/job.ts";
import type { UnitWish } from "../systemd/install-report.ts";
import { shiftCron } from "./cron-shift.ts";
import type { CronUnit, CronUnitJob } from "./cron-unit.ts";

/** What is to stand in the crontab. */
export interface CronUnitPlan {
  readonly jobs: readonly CronUnitJob[];
  readonly variables: Readonly<Record<string, string>>;
  readonly others: readonly string[];
}

export interface CronUnitSurroundings {
  /** What is installed now, with the times and variables that may have been edited; null: nothing, or all is to be reset. */
  readonly before: CronUnit | null;
  /** Lines of others in the file, which stay in every case. */
  readonly others: readonly string[];
  readonly hostTimezone: string;
  readonly now: Instant;
}

/**
 * Brings together what the config asks for and what somebody edited in the installed file. Throws
 * "scheduler.zone" when a job's zone is none that this host's cron can keep.
 */
export function planCronUnit({ jobs }: Pick<UnitWish, "jobs">, around: CronUnitSurroundings): CronUnitPlan {
  const refused: string[] = [];
  const planned = jobs.flatMap((job): readonly CronUnitJob[] => {
    if (job.schedule === null) return [];
    const { timezone: from } = job;
    const shift = shiftCron(job.schedule, { from, to: around.hostTimezone, now: around.now });
    if (shift.kind === "refused") refused.push(`${job.name}: ${shift.reason}`);
    if (shift.kind === "refused") return [];
    const edited = editedTimes(around.before, job.name);
    const hasBackups = leavesBackups(job);
    return [{ name: job.name, times: edited ?? shift.lines, asWritten: shift.lines, hasBackups }];
  });
  if (refused.length > 0) throw zoneFailure(refused);
  return { jobs: planned, variables: around.before?.variables ?? {}, others: around.others };
}

/** Null when nobody edited them since they were written. */
function editedTimes(before: CronUnit | null, job: string): readonly string[] | null {
  const installed = before?.jobs.find(({ name }) => name === job);
  if (!installed || installed.times.join("\n") === installed.asWritten.join("\n")) return null;
  return installed.times;
}

function zoneFailure(refused: readonly string[]): Failure {
  return new Failure("scheduler.zone", `Cannot write these times for cron: ${refused.join("; ")}`, {
    hint: "Cron knows only the host's zone: use \"codex-backup schedule install --systemd\", or set the jobs' timezone to the host's.",
  });
}
