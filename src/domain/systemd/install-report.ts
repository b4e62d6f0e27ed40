import type { Job } from "../jobs/job.ts";
import type { PlannedTimes } from "./systemd-calendar-parse.ts";
import type { UnitCommand } from "./unit-command.ts";

/** What an install was asked for. */
export interface UnitWish {
  readonly how: "cron" | "timers" | "serve";
  readonly command: UnitCommand;
  readonly jobs: readonly Job[];
  /** The state directory and the destinations. */
  readonly writePaths: readonly string[];
  /** Times that were edited in installed files are given up for the config's. */
  readonly resetTimes: boolean;
}

export interface InstallReport {
  readonly files: readonly { readonly path: string; readonly state: "written" | "unchanged" }[];
  readonly jobs: readonly InstalledJob[];
  /** Units of jobs that the config has no longer, or no longer at a time. */
  readonly removed: readonly string[];
  readonly commands: readonly UnitStep[];
}

/** A job in what was written. */
export interface InstalledJob {
  readonly job: string;
  /** As the file has them: cron fields or values of OnCalendar; none: switched off by hand. */
  readonly times: readonly string[];
  /** What the config asks for, when the file says something else because somebody edited it; else null. */
  readonly configTimes: readonly string[] | null;
  /** The times with their zone; those that we cannot read are left out. */
  readonly schedules: readonly PlannedTimes[];
}

/** A command that follows: run already, or left to the operator. */
export interface UnitStep {
  readonly argv: readonly string[];
  readonly state: "done" | "to do";
}

export interface UninstallReport {
  readonly removed: readonly string[];
  /** Files in which only lines that somebody added are left. */
  readonly shortened: readonly string[];
  /** Files in the places of ours that are not ours. */
  readonly left: readonly { readonly path: string; readonly reason: string }[];
  readonly commands: readonly UnitStep[];
}
