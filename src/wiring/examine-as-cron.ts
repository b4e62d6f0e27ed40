import type { ExamineWish } from "../cli/cli.ts";
import { type CronFile, startsIn, variablesIn } from "../domain/doctor/checks/cron-file.ts";
import { diagnose, exitOfFindings, type Finding, findingOf, shellWord } from "../domain/doctor/finding.ts";
import { may } from "../operations/doctor/ask.ts";
import { cronFilesIn } from "../operations/doctor/look-at-schedule.ts";
import { debianPaths } from "../operations/doctor/scene.ts";
import type { DoctorReport } from "../operations/operation.ts";
import { type Child, startChild } from "../platform/child.ts";
import { currentUser, findRecord } from "../platform/owner.ts";
import { readToEnd } from "../platform/read-to-end.ts";
import { ownAccount } from "./account.ts";
import { ownProgram } from "./own-program.ts";

/** What cron would start, and as whom. */
interface CronWay {
  /** The file whose line it is; null: none is installed, and this is what one would get. */
  readonly file: string | null;
  readonly program: string;
  readonly configPath: string;
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  /** Before the program, to become that user. */
  readonly become: readonly string[];
}

/**
 * Looks again from inside of what cron would start: the program of the installed line, as its user, with nothing
 * in the environment but what cron and the file put there.
 */
export async function examineAsCron(wish: ExamineWish, configPath: string): Promise<DoctorReport> {
  const way = await wayOfCron(configPath);
  const inside = await runInside(way, argvOf(wish, way));
  const findings = [...inside, findingOf(diagnose("schedule.as-cron", "cron", describeWay(way)))];
  return { findings, exit: exitOfFindings(findings) };
}

async function wayOfCron(configPath: string): Promise<CronWay> {
  const files = await cronFilesIn(debianPaths.cronDirectory);
  const found = files.flatMap((file) => startsIn(file).map((start) => ({ file, start })));
  const chosen =
    found.find(({ start }) => start.config === configPath) ??
    found.find(({ start }) => start.config === null);
  const wanted = chosen?.start.user ?? ownAccount().name;
  const isRoot = currentUser().uid === 0;
  const user = isRoot ? wanted : ownAccount().name;
  const record = await findRecord("passwd", user);
  return {
    file: chosen?.file.path ?? null,
    program: chosen?.start.program ?? ownProgram().launcher,
    configPath,
    user,
    env: environmentOf(user, record?.[5] ?? "/", chosen?.file ?? null),
    become:
      isRoot && record ? ["setpriv", `--reuid=${record[2]}`, `--regid=${record[3]}`, "--init-groups"] : [],
  };
}

/** What Debian's cron gives its children, and nothing else; the file's own lines win. */
function environmentOf(user: string, home: string, file: CronFile | null): Readonly<Record<string, string>> {
  const bare = { HOME: home, LOGNAME: user, PATH: "/usr/bin:/bin", SHELL: "/bin/sh" };
  return { ...bare, ...(file === null ? {} : variablesIn(file.text)) };
}

function argvOf({ jobs, fix, run }: ExamineWish, { configPath }: CronWay): readonly string[] {
  const tried = run === null ? [] : ["--run", run];
  return ["--config", configPath, "--json", "doctor", ...(fix ? ["--fix"] : []), ...tried, ...jobs];
}

async function runInside(way: CronWay, argv: readonly string[]): Promise<readonly Finding[]> {
  const [program = way.program, ...args] = [...way.become, way.program, ...argv];
  const home = way.env.HOME ?? "/";
  const cwd = (await may(home, "see")) ? home : "/"; // as cron does for a user without a home
  let child: Child;
  try {
    child = await startChild({ program, args, env: way.env, cwd, stdout: "pipe" });
  } catch (error) {
    return [programFails(way, argv, error instanceof Error ? error.message : String(error))];
  }
  const text = child.stdout === null ? "" : (await readToEnd(child.stdout)).toString("utf8");
  const { stderr } = await child.ended;
  return findingsIn(text) ?? [programFails(way, argv, stderr.trim().split("\n").slice(-3).join("\n"))];
}

/** Null when it is no report: then the program did not get that far. */
function findingsIn(text: string): readonly Finding[] | null {
  try {
    const { findings } = JSON.parse(text) as DoctorReport; // the same program's document; the next line looks
    return Array.isArray(findings) ? findings : null;
  } catch {
    return null; // no JSON at all
  }
}

function programFails(way: CronWay, argv: readonly string[], seen: string): Finding {
  const env = Object.entries(way.env).map(([name, value]) => shellWord(`${name}=${value}`));
  const words = [...way.become, "env", "-i", ...env, shellWord(way.program), ...argv.map(shellWord)];
  const message = `what cron would start, ${way.program}, does not start: ${seen === "" ? "it said nothing" : seen}`;
  return findingOf(diagnose("schedule.program-fails", "cron", { message, commands: [words.join(" ")] }));
}

function describeWay({ file, program, user, env }: CronWay): string {
  const from = file === null ? "no cron file is installed; as one would be" : `as ${file} says`;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return `${from}: ${program} as user "${user}", with ${variables.join(" ")}`;
}
