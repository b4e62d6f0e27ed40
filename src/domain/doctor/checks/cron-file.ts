import { type CronTask, parseCrontab } from "../../cron/crontab.ts";
import { type Diagnosis, diagnose, octal, shellWord } from "../finding.ts";

/** A file of /etc/cron.d that speaks of us. */
export interface CronFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  readonly ownedBy: string;
}

/** What is known about the words in the lines of cron files. */
export interface CronSurroundings {
  readonly configPath: string;
  /** Users that lines name and that are no accounts here. */
  readonly unknownUsers: readonly string[];
  /** Programs that lines start, and shells that start them, that are not there or not executable. */
  readonly missingPrograms: readonly string[];
  /** Programs that jobs need, with the PATH-like value that lacks each. */
  readonly lacking: readonly { readonly program: string; readonly path: string; readonly file: string }[];
}

/** A line of ours that cron would start. */
export interface CronStart {
  readonly file: string;
  readonly number: number;
  readonly cron: string;
  readonly user: string;
  readonly program: string;
  readonly config: string | null;
  readonly jobs: readonly string[];
  readonly isAll: boolean;
}

/** The lines that start jobs; of a file that cron ignores, none is ever started. */
export function startsIn({ path, text }: Pick<CronFile, "path" | "text">): readonly CronStart[] {
  return tasksIn(text).flatMap(({ task, number }) => {
    const words = wordsOf(task.command);
    const run = words.indexOf("run");
    const [program = ""] = words;
    if (run < 0 || !words.slice(0, run).some((word) => word.includes("codex-backup"))) return [];
    const rest = words.slice(run + 1).filter((word) => /^[\w.:-]+$/.test(word));
    const config = words[words.indexOf("--config") + 1];
    return [
      {
        file: path,
        number,
        cron: task.cron,
        user: task.user ?? "root",
        program,
        config: words.includes("--config") && config !== undefined ? config : null,
        jobs: rest.filter((word) => !word.startsWith("-")),
        isAll: rest.includes("--all"),
      },
    ];
  });
}

/** Tasks of ours, by the number of their line. */
function tasksIn(text: string): readonly { readonly task: CronTask; readonly number: number }[] {
  return parseCrontab(text, "system").flatMap((line) => {
    const isOurs = line.kind === "task" && line.task.command.includes("codex-backup");
    return isOurs ? [{ task: line.task, number: line.number }] : [];
  });
}

/** Words of a simple shell line; quotes hold words together. */
export function wordsOf(command: string): readonly string[] {
  const found = command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g);
  return [...found].map(([, double, single, bare]) => double ?? single ?? bare ?? "");
}

/** PATH and the like, as the file sets them for its lines. */
export function variablesIn(text: string): Readonly<Record<string, string>> {
  const lines = parseCrontab(text, "system");
  return Object.fromEntries(
    lines.flatMap((line) => (line.kind === "variable" ? [[line.name, line.value]] : [])),
  );
}

/** Whether cron would take the file, and each line do what it says. */
export function judgeCronFile(file: CronFile, around: CronSurroundings): readonly Diagnosis[] {
  return [...judgeRights(file), ...judgeText(file), ...judgeStarts(file, around)];
}

/** What Debian's cron demands before it opens one (cron(8)). */
function judgeRights({ path, mode, ownedBy }: CronFile): readonly Diagnosis[] {
  const word = shellWord(path);
  const name = path.slice(path.lastIndexOf("/") + 1);
  const found: Diagnosis[] = [];
  if (path.startsWith("/etc/cron.d/") && !/^[\w-]+$/.test(name)) {
    const commands = [
      `mv ${word} ${shellWord(path.slice(0, -name.length) + (name.replace(/\..*$/, "") || "codex-backup"))}`,
    ];
    const message = `cron ignores "${name}": names of /etc/cron.d have letters, digits, _ and - only`;
    found.push(diagnose("schedule.unit-name", path, { message, commands }));
  }
  if ((mode & 0o022) !== 0) {
    const message = `cron ignores it, because others may write it (mode ${octal(mode)})`;
    found.push(diagnose("schedule.unit-mode", path, { message, commands: [`chmod 0644 ${word}`] }));
  }
  if (ownedBy !== "root") {
    const message = `cron ignores it, because it belongs to "${ownedBy}"`;
    found.push(diagnose("schedule.unit-owner", path, { message, commands: [`chown root:root ${word}`] }));
  }
  return found;
}

function judgeText({ path, text }: CronFile): readonly Diagnosis[] {
  const found: Diagnosis[] = [];
  const word = shellWord(path);
  if (text !== "" && !text.endsWith("\n")) {
    const message = "its last line has no line end, so that cron ignores it";
    found.push(diagnose("schedule.unit-end", path, { message, commands: [`echo >> ${word}`] }));
  }
  if (text.includes("\r\n")) {
    const message =
      "its lines end as those of Windows do, so that each command gets a carriage return as well";
    found.push(
      diagnose("schedule.unit-carriage-return", path, { message, commands: [`sed -i 's/\\r$//' ${word}`] }),
    );
  }
  for (const line of parseCrontab(text, "system")) {
    if (line.kind === "unreadable" && !line.isTaken) {
      const message = `line ${line.number} cannot be read, so that cron ignores the whole file: ${line.reason}`;
      const command = line.text.startsWith("\uFEFF")
        ? `sed -i '1s/^\\xEF\\xBB\\xBF//' ${word}`
        : `sed -n ${line.number}p ${word}`;
      found.push(diagnose("schedule.unit-line", path, { message, commands: [command] }));
    }
    if (line.kind === "task" && line.task.input !== null) {
      const message = `line ${line.number} has a %, which ends the command there: write \\%, or leave it out`;
      found.push(
        diagnose("schedule.unit-percent", path, { message, commands: [`sed -n ${line.number}p ${word}`] }),
      );
    }
  }
  return found;
}

function judgeStarts(file: CronFile, around: CronSurroundings): readonly Diagnosis[] {
  const { path } = file;
  const starts = startsIn(file);
  const users = new Set(starts.map(({ user }) => user).filter((user) => around.unknownUsers.includes(user)));
  const { SHELL } = variablesIn(file.text);
  const started = [...starts.map(({ program }) => program), ...(SHELL === undefined ? [] : [SHELL])];
  const programs = new Set(started.filter((one) => around.missingPrograms.includes(one)));
  const others = new Set(
    starts.map(({ config }) => config).filter((one) => one !== null && one !== around.configPath),
  );
  return [
    ...[...users].map((user) =>
      diagnose("schedule.unit-user", path, {
        message: `there is no user "${user}", so that cron starts none of its lines`,
        commands: [`adduser --system --group ${shellWord(user)}`],
      }),
    ),
    ...[...programs].map((program) =>
      diagnose("schedule.unit-program", path, {
        message: `"${program}" is not there or not executable`,
        commands: [`ls -l ${shellWord(program)}`, program === SHELL ? shellCommand(path) : installCommand],
      }),
    ),
    ...[...others].map((config) =>
      diagnose(
        "schedule.unit-config",
        path,
        `its lines use ${config}, and this is about ${around.configPath}`,
      ),
    ),
    ...around.lacking
      .filter((one) => one.file === path && starts.some((start) => isOfConfig(start, around.configPath)))
      .map((one) =>
        diagnose("schedule.unit-path", path, {
          message: `its PATH, ${one.path}, lacks "${one.program}", which a job needs`,
          commands: [`command -v ${shellWord(one.program)}`],
        }),
      ),
  ];
}

const installCommand = "codex-backup schedule install --cron";

function shellCommand(path: string): string {
  return `sed -i 's|^SHELL *=.*|SHELL=/bin/sh|' ${shellWord(path)}`;
}

/** A line for another configuration starts none of this one's jobs, though they may have the same names. */
export function isOfConfig({ config }: CronStart, configPath: string): boolean {
  return config === null ? configPath === "/etc/codex-backup/config.yaml" : config === configPath;
}

/** Whether cron opens it at all: codes that mean that it does not. */
export function isIgnoredByCron(found: readonly Diagnosis[]): boolean {
  const fatal = ["unit-name", "unit-mode", "unit-owner", "unit-end", "unit-line"];
  return found.some(({ code }) => fatal.includes(code.slice("schedule.".length)));
}
