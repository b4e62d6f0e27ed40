import { type CrontabForm, parseCrontab } from "./crontab.ts";

/** A crontab as it lies on the disk. */
export interface LyingCrontab {
  readonly text: string;
  readonly mode: number;
  readonly uid: number;
}

/**
 * Why Debian's cron would run nothing, or not all, of a file in /etc/cron.d; empty when it is as it should be.
 * cron itself says so only in its log.
 */
export function findCrontabFaults(
  { text, mode, uid }: LyingCrontab,
  form: CrontabForm = "system",
): readonly string[] {
  const lines = parseCrontab(text, form);
  return [
    ...(uid === 0 ? [] : [`it belongs to the user ${uid}, not to root`]),
    ...((mode & 0o022) === 0 ? [] : [`others may write to it (mode ${(mode & 0o777).toString(8)})`]),
    ...(text.endsWith("\n") ? [] : ["its last line has no line end, so that cron ignores the file"]),
    ...lines.flatMap((line) =>
      line.kind === "unreadable" && !line.isTaken ? [`line ${line.number}: ${line.reason}`] : [],
    ),
    ...lines.flatMap((line) =>
      line.kind === "task" && line.task.input !== null
        ? [`line ${line.number}: what follows its % is not part of the command`]
        : [],
    ),
    ...lines.flatMap((line) => (line.text.length > 998 ? [`line ${line.number} is too long for cron`] : [])),
  ];
}
