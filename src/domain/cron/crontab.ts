import { findCronProblem } from "../slots/schedule.ts";

/** "system": /etc/crontab and /etc/cron.d, with a user before the command; "user": as `crontab -l` prints it. */
export type CrontabForm = "system" | "user";

export interface CronTask {
  /** Five fields; nicknames are written out. */
  readonly cron: string;
  /** Null in a user's own crontab. */
  readonly user: string | null;
  /** As the shell gets it: up to the first unescaped per cent sign, "\%" turned to "%". */
  readonly command: string;
  /** What follows that per cent sign, which cron sends to the command; null: nothing. */
  readonly input: string | null;
}

export type CrontabLine = { readonly number: number; readonly text: string } & LineMeaning;

type LineMeaning =
  | { readonly kind: "blank" | "comment" }
  | { readonly kind: "variable"; readonly name: string; readonly value: string }
  | { readonly kind: "task"; readonly task: CronTask }
  /** A comment that is a task without its "#". */
  | { readonly kind: "switched-off"; readonly task: CronTask }
  /** `isTaken`: cron itself knows what it means, so it takes the rest of the file, too. */
  | { readonly kind: "unreadable"; readonly reason: string; readonly isTaken: boolean };

const nicknames: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const userName = /^[A-Za-z_][\w.-]*\$?$/;

/** Every line of a crontab, as Debian's cron reads it. Never throws: what cron would not take is "unreadable". */
export function parseCrontab(text: string, form: CrontabForm): readonly CrontabLine[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, index) => ({ number: index + 1, text: line, ...readLine(line, form) }));
}

/** Which form a text is in: the one in which more of its lines are tasks; /etc/crontab's with its users when in doubt. */
export function formOfCrontab(text: string): CrontabForm {
  const count = (form: CrontabForm) => parseCrontab(text, form).filter(isOfForm(form)).length;
  return count("system") >= count("user") ? "system" : "user";
}

/** In a user's crontab the word after the times is a program, which is rarely all of a command, and no known account. */
function isOfForm(form: CrontabForm): (line: CrontabLine) => boolean {
  const accounts = /^(root|postgres|codex|backup|www-data|nobody)$/;
  return (line) => {
    if (line.kind !== "task") return false;
    const [first = ""] = line.task.command.split(/\s/);
    return form === "user" ? !accounts.test(first) : accounts.test(line.task.user ?? "");
  };
}

function readLine(line: string, form: CrontabForm): LineMeaning {
  if (line.startsWith("\uFEFF"))
    return refused("it begins with a byte order mark, which cron takes for text");
  const text = line.trim();
  if (text === "") return { kind: "blank" };
  if (text.startsWith("#")) return readComment(text, form);
  const variable = /^(?:"([^"]*)"|'([^']*)'|([^\s=]+))\s*=\s*(.*)$/.exec(text);
  if (variable) {
    const name = variable[1] ?? variable[2] ?? variable[3] ?? "";
    return { kind: "variable", name, value: unquoted(variable[4] ?? "") };
  }
  const task = readTask(text, form);
  return typeof task === "string" ? refused(task, text) : { kind: "task", task };
}

function refused(reason: string, text = ""): LineMeaning {
  return { kind: "unreadable", reason, isTaken: text.startsWith("@reboot") };
}

function readComment(text: string, form: CrontabForm): LineMeaning {
  const task = readTask(text.replace(/^#+\s*/, ""), form);
  return typeof task === "string" ? { kind: "comment" } : { kind: "switched-off", task };
}

function unquoted(value: string): string {
  return (
    /^"(.*)"$|^'(.*)'$/
      .exec(value)
      ?.slice(1)
      .find((inside) => inside !== undefined) ?? value
  );
}

/** The task, or a half sentence saying why there is none. */
function readTask(text: string, form: CrontabForm): CronTask | string {
  const timed = text.startsWith("@")
    ? /^(@\S+)\s+(.*)$/.exec(text)
    : /^((?:\S+\s+){4}\S+)\s+(.*)$/.exec(text);
  if (!timed) return "it has no five time fields and a command";
  const written = timed[1] ?? "";
  const cron = nicknames[written] ?? written.replace(/\s+/g, " ");
  if (cron === "@reboot") return "@reboot is no time of the clock";
  const problem = findCronProblem(cron);
  if (problem !== null) return problem;
  return taskOf(cron, timed[2] ?? "", form);
}

function taskOf(cron: string, rest: string, form: CrontabForm): CronTask | string {
  const isSixth = /^[\d*][\d*/,-]*\s/.test(rest);
  if (isSixth) return "it has six time fields, and cron knows no seconds: it would take the sixth for a user";
  if (form === "user") return { cron, user: null, ...splitCommand(rest) };
  const found = /^(\S+)\s+(.*)$/.exec(rest);
  const user = found?.[1] ?? "";
  if (!userName.test(user)) return `"${user || rest}" is no user's name`;
  return { cron, user, ...splitCommand(found?.[2] ?? "") };
}

/** What cron makes of per cent signs (crontab(5)). */
function splitCommand(text: string): Pick<CronTask, "command" | "input"> {
  const [command = "", ...input] = text.split(/(?<!\\)%/);
  const plain = (part: string) => part.replaceAll("\\%", "%");
  return {
    command: plain(command).trim(),
    input: input.length === 0 ? null : input.map(plain).join("\n"),
  };
}
