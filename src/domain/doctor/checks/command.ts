import type { FailureReport } from "../../failure.ts";
import { type Diagnosis, diagnose, shellWord } from "../finding.ts";

export interface CommandFacts {
  readonly job: string;
  /** As configured. */
  readonly program: string;
  /** Null: it is not in the PATH. */
  readonly found: string | null;
  readonly isExecutable: boolean;
  readonly searchPath: string;
  readonly user: string;
  readonly cwd: string | null;
  readonly isCwdUsable: boolean;
  /** The argument that is a script; null where none looks like one. */
  readonly script: { readonly path: string; readonly isReadable: boolean } | null;
  /** The interpreter of the first line of the program or script; null: none is named. */
  readonly interpreter: { readonly program: string; readonly isThere: boolean } | null;
  /** What Python says of the script's grammar; null: nothing, or it is no Python. */
  readonly syntaxError: string | null;
  readonly missingModules: readonly string[];
  /** The Python that was asked. */
  readonly python: string | null;
}

/** Whether a command job can start: all that can be told without running it. */
export function judgeCommand(facts: CommandFacts): readonly Diagnosis[] {
  const found = [...judgeProgram(facts), ...judgePlace(facts), ...judgeScript(facts), ...judgePython(facts)];
  if (found.length > 0) return found;
  return [
    diagnose("command.ok", facts.job, `${facts.found ?? facts.program} and what it needs to start are there`),
  ];
}

function judgeProgram({
  job,
  program,
  found,
  isExecutable,
  searchPath,
  user,
}: CommandFacts): readonly Diagnosis[] {
  if (found === null) {
    const isPath = program.includes("/");
    const message = isPath
      ? `there is no "${program}"`
      : `there is no "${program}" in the PATH of the job, ${searchPath}`;
    return [
      diagnose("command.program-missing", job, {
        message,
        commands: [isPath ? `ls -l ${shellWord(program)}` : `command -v ${shellWord(program)}`],
      }),
    ];
  }
  if (isExecutable) return [];
  const message = `"${found}" cannot be executed by "${user}"`;
  return [diagnose("command.not-executable", job, { message, commands: [`chmod a+x ${shellWord(found)}`] })];
}

function judgePlace({ job, cwd, isCwdUsable, user }: CommandFacts): readonly Diagnosis[] {
  if (cwd === null || isCwdUsable) return [];
  const message = `its working directory "${cwd}" is not there, or closed to "${user}"`;
  return [diagnose("command.cwd-missing", job, { message, commands: [`ls -ld ${shellWord(cwd)}`] })];
}

function judgeScript({ job, script, interpreter, user }: CommandFacts): readonly Diagnosis[] {
  if (script !== null && !script.isReadable) {
    const message = `its script "${script.path}" is not there, or not readable for "${user}"`;
    return [
      diagnose("command.script-missing", job, { message, commands: [`ls -l ${shellWord(script.path)}`] }),
    ];
  }
  if (interpreter === null || interpreter.isThere) return [];
  const message = `its first line asks for "${interpreter.program}", which is not there`;
  return [
    diagnose("command.interpreter-missing", job, {
      message,
      commands: [`ls -l ${shellWord(interpreter.program)}`],
    }),
  ];
}

function judgePython({
  job,
  syntaxError,
  missingModules,
  python,
  script,
}: CommandFacts): readonly Diagnosis[] {
  const interpreter = shellWord(python ?? "python3");
  if (syntaxError !== null) {
    const commands = [`${interpreter} -m py_compile ${shellWord(script?.path ?? "")}`];
    return [
      diagnose("command.syntax", job, { message: `Python refuses the script: ${syntaxError}`, commands }),
    ];
  }
  if (missingModules.length === 0) return [];
  const message = `the script imports ${missingModules.map((name) => `"${name}"`).join(", ")}, which ${python ?? "Python"} does not find`;
  const commands = [`${interpreter} -m pip install ${missingModules.map(shellWord).join(" ")}`];
  return [diagnose("command.module-missing", job, { message, commands })];
}

/** What came of `doctor --run JOB`. */
export function judgeRan(job: string, failure: FailureReport | null): Diagnosis {
  if (failure === null) return diagnose("command.ran", job, "it ran once now and ended well");
  const message = [failure.message, failure.hint].filter((line) => line !== null).join("\n");
  return diagnose("command.failed", job, {
    message,
    commands: [`codex-backup logs --job ${shellWord(job)}`],
  });
}
