import { describeSchedule, type Schedule } from "../slots/schedule.ts";
import { isCatchUpMoment } from "./systemd-calendar-parse.ts";
import { valuesOfKey } from "./systemd-value.ts";
import { unitHead } from "./unit-command.ts";

export interface TimerParts {
  readonly job: string;
  readonly schedule: Schedule;
  /** Without the suffix. */
  readonly unit: string;
  readonly configPath: string;
  /** Values of OnCalendar that the config asks for. */
  readonly asWritten: readonly string[];
  /** Those that are used: others than the former were edited by hand. */
  readonly calendars: readonly string[];
}

/** The timer of a job. */
export function formatTimer({ job, schedule, unit, configPath, asWritten, calendars }: TimerParts): string {
  return `${unitHead("systemd", configPath)}
# To change the times: systemctl edit ${unit}.timer, with an empty OnCalendar= before the new one;
# or change the config and install again. Times that were edited in this file are kept (--reset-times: the config's).
${asWritten.map((value) => `# written as: ${value}`).join("\n")}
[Unit]
Description=codex-backup: ${job}, in the config ${describeSchedule(schedule).replaceAll("%", "%%")}

[Timer]
${calendars.map((value) => `OnCalendar=${value}`).join("\n")}
# After downtime it elapses once, at once; the run takes the newest slot, and no slot twice.
Persistent=true
AccuracySec=1s
RandomizedDelaySec=0
Unit=${unit}.service

[Install]
WantedBy=timers.target
`;
}

/** The watcher's timer. */
export function formatWatchTimer(configPath: string): string {
  return `${unitHead("systemd", configPath)}
[Unit]
Description=codex-backup: tell of runs that are missing or late, deliver messages

[Timer]
OnCalendar=*:0/5
AccuracySec=1s
RandomizedDelaySec=0

[Install]
WantedBy=timers.target
`;
}

export interface TimerTimes {
  /** Values of OnCalendar that count now, drop-ins included. */
  readonly calendars: readonly string[];
  /** Whether the file itself was edited since we wrote it. */
  readonly isEdited: boolean;
}

/** What a timer file of ours, with its drop-ins in their order, is set to. */
export function parseTimer(text: string, dropIns: readonly string[]): TimerTimes {
  const own = valuesOfKey(text, "Timer", "OnCalendar");
  const asWritten = [...text.matchAll(/^# written as: (.*)$/gm)].map(([, value = ""]) => value);
  const regular = (values: readonly string[]) => values.filter((value) => !isCatchUpMoment(value)).join("\n");
  return {
    calendars: valuesOfKey([text, ...dropIns].join("\n"), "Timer", "OnCalendar"),
    isEdited: regular(own) !== regular(asWritten),
  };
}
