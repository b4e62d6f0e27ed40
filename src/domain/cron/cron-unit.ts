import {
  configPathOfUnit,
  cronWord,
  isOwnUnit,
  type UnitCommand,
  unitHead,
} from "../systemd/unit-command.ts";
import { type CrontabLine, parseCrontab } from "./crontab.ts";

/** A job as cron starts it. */
export interface CronUnitJob {
  readonly name: string;
  /** Five-field times that its lines have; none: switched off by hand. */
  readonly times: readonly string[];
  /** What the config asks for, in the host's zone: other times in the file were edited by hand. */
  readonly asWritten: readonly string[];
  readonly hasBackups: boolean;
}

/** What stands in a crontab of ours beside the jobs. */
export interface CronUnit {
  readonly jobs: readonly Omit<CronUnitJob, "hasBackups">[];
  /** SHELL, PATH, MAILTO and whatever else was added. */
  readonly variables: Readonly<Record<string, string>>;
  /** Tasks that somebody added to the file. */
  readonly others: readonly string[];
}

const defaults = {
  SHELL: "/bin/sh",
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  MAILTO: "root",
};

// A job's scheduled proofs are a job of their own: "database:prove".
const noteShape = /^# ([A-Za-z0-9][\w.-]*(?::prove)?): written as (.+?)(; switched off here)?$/;
/** Before a line that cron could not read: left as it is, it might cost the lines of ours, too. */
const unread = "# cron cannot read: ";
const othersHead = "# Lines that somebody added to this file, kept as they were:";

/** The text of /etc/cron.d/codex-backup. Throws "scheduler.unit" for paths that cannot stand in it. */
export function formatCronUnit(
  command: UnitCommand,
  unit: { readonly jobs: readonly CronUnitJob[] } & Partial<Omit<CronUnit, "jobs">>,
): string {
  const call = `${command.user} ${cronWord(command.program)} --config ${cronWord(command.configPath)} -q`;
  const { others = [] } = unit;
  const lines = [
    unitHead("cron", command.configPath),
    "# To change a time, edit it here, or change the config and install again; a time that was edited here is kept",
    "# (--reset-times: the config's again). To remove this file: codex-backup schedule uninstall",
    "# Times are of the host's zone. Each line is silent when all is well; what it prints is mailed to MAILTO.",
    ...Object.entries({ ...defaults, ...unit.variables }).map(([name, value]) => `${name}=${value}`),
    ...unit.jobs.flatMap((job) => ["", ...jobLines(job, call)]),
    "",
    "# Tells of runs that are missing or late, and delivers messages",
    `*/5 * * * * ${call} watch --once`,
    ...cleanUpLines(unit.jobs, call),
    ...(others.length === 0 ? [] : ["", othersHead, ...others]),
  ];
  return `${lines.join("\n")}\n`;
}

function jobLines({ name, times, asWritten }: CronUnitJob, call: string): readonly string[] {
  const note = `# ${name}: written as ${asWritten.join(" and ")}`;
  if (times.length === 0) return [`${note}; switched off here`];
  return [note, ...times.map((time) => `${time} ${call} run ${name} --scheduled`)];
}

/** As the old crontab had them: weekly for the first job with backups, monthly for the others. */
function cleanUpLines(jobs: readonly CronUnitJob[], call: string): readonly string[] {
  const pruned = jobs.filter(({ hasBackups }) => hasBackups);
  if (pruned.length === 0) return [];
  return [
    "",
    '# Clean-up needs no line: each complete run ends by removing what its job\'s "keep" no longer wants.',
    '# Who wants it also at a time of its own removes the "#":',
    ...pruned.map(
      ({ name }, index) => `#0 ${index === 0 ? "3 * * 0" : "4 1 * *"} ${call} prune --job ${name}`,
    ),
  ];
}

/** What a crontab of ours says; null for a file of others. */
export function parseCronUnit(text: string): CronUnit | null {
  if (!isOwnUnit(text)) return null;
  const lines = parseCrontab(text, "system");
  const names = new Set(lines.flatMap((line) => noteOf(line)?.name ?? jobOf(line) ?? []));
  return {
    jobs: [...names].map((name) => ({
      name,
      times: lines.flatMap((line) => (line.kind === "task" && jobOf(line) === name ? [line.task.cron] : [])),
      asWritten: lines.map(noteOf).find((note) => note?.name === name)?.asWritten ?? [],
    })),
    variables: Object.fromEntries(
      lines.flatMap((line) => (line.kind === "variable" ? [[line.name, line.value]] : [])),
    ),
    others: lines
      .filter(isOther)
      .map((line) => (line.kind === "unreadable" && !line.isTaken ? `${unread}${line.text}` : line.text)),
  };
}

/**
 * A crontab of ours without what is ours: the lines that somebody added, and the variables that they go by; null
 * when nobody added a line that does something.
 */
export function formatOthers(text: string): string | null {
  const unit = parseCronUnit(text);
  if (unit === null) return null;
  const ownCall = ` --config ${cronWord(configPathOfUnit(text) ?? "")} `;
  const others = unit.others.filter((line) => !line.includes(ownCall));
  if (others.every((line) => line.startsWith(unread))) return null;
  const variables = Object.entries(unit.variables).map(([name, value]) => `${name}=${value}`);
  return `${[...variables, "", othersHead, ...others].join("\n")}\n`;
}

function noteOf(line: CrontabLine) {
  const found = line.kind === "comment" ? noteShape.exec(line.text) : null;
  const [, name, asWritten] = found ?? [];
  return name === undefined || asWritten === undefined ? null : { name, asWritten: asWritten.split(" and ") };
}

/** The job that a line starts; null for all other lines. */
function jobOf(line: CrontabLine): string | null {
  if (line.kind !== "task") return null;
  return /\srun ([A-Za-z0-9][\w.-]*(?::prove)?) --scheduled\b/.exec(line.task.command)?.[1] ?? null;
}

function isOther(line: CrontabLine): boolean {
  if (line.kind === "unreadable" || line.text.startsWith(unread)) return true;
  return line.kind === "task" && jobOf(line) === null && !/\swatch --once$/.test(line.task.command);
}
