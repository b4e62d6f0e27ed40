import { Failure } from "../failure.ts";

/** How cron or systemd starts us. */
export interface UnitCommand {
  /** Absolute path of the program. */
  readonly program: string;
  /** Absolute path of the config. */
  readonly configPath: string;
  /** The account that runs it. */
  readonly user: string;
}

/** Names what was written by us: whatever lacks it in its first line is somebody else's. */
const unitMark = '# Written by "codex-backup schedule install';

/** True for a unit or crontab that an install of ours wrote. */
export function isOwnUnit(text: string): boolean {
  return text.startsWith(unitMark);
}

/** Whose units these are; null for files of others. */
export function configPathOfUnit(text: string): string | null {
  if (!isOwnUnit(text)) return null;
  return /^[^\n]*? for (\/[^\n]*)\.\n/.exec(text)?.[1] ?? null;
}

/** The first line of a file of ours. */
export function unitHead(how: "cron" | "systemd", configPath: string): string {
  return `${unitMark} --${how}" for ${configPath}.`;
}

/** One word for cron's shell. Throws "scheduler.unit" for what cannot stand in a crontab at all. */
export function cronWord(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f\u007f%]/.test(text))
    throw unfit(text, "cron gives a per cent sign and a line end a meaning");
  return /^[\w@+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** One word of ExecStart, or a path of a unit. Throws "scheduler.unit" for control characters. */
export function systemdWord(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) throw unfit(text, "a unit cannot hold control characters");
  const plain = text.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@+=:,./%$-]+$/.test(plain)
    ? plain
    : `"${plain.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function unfit(text: string, why: string): Failure {
  return new Failure("scheduler.unit", `Cannot write a unit with ${JSON.stringify(text)}: ${why}`, {
    hint: "Move the config or the program to a path without such characters.",
  });
}
