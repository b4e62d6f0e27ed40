import { open } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { type CommandFacts, judgeCommand } from "../../domain/doctor/checks/command.ts";
import type { Diagnosis } from "../../domain/doctor/finding.ts";
import type { CommandJob } from "../../domain/jobs/job.ts";
import { may, outputOf } from "./ask.ts";
import type { DoctorScene } from "./scene.ts";

/** A command job, as far as it can be known without running it. */
export async function lookAtCommand(
  { context, user }: DoctorScene,
  job: CommandJob,
  signal: AbortSignal,
): Promise<readonly Diagnosis[]> {
  const env = { ...context.childEnv, ...job.env };
  const searchPath = env.PATH ?? "";
  const [program = "", ...args] = job.argv;
  const found = await findProgram(program, searchPath, job.cwd ?? "/");
  const isExecutable = found !== null && (await may(found, "execute"));
  const script = await scriptOf(program, args, job.cwd ?? "/");
  const shebang = await interpreterOf(script?.isReadable ? script.path : found, searchPath);
  const isScriptItself = script === null && shebang !== null;
  const python = await pythonOf({ found, shebang: isScriptItself ? (shebang?.program ?? null) : null });
  const file = script?.isReadable === true ? script.path : isScriptItself ? found : null;
  const grammar =
    python === null || file === null ? noGrammar : await askPython({ python, file, job, env, signal });
  return judgeCommand({
    job: job.name,
    program,
    found,
    isExecutable,
    searchPath,
    user,
    cwd: job.cwd,
    isCwdUsable: job.cwd === null || (await may(job.cwd, "execute")),
    script: script ?? (isScriptItself && found !== null ? { path: found, isReadable: true } : null),
    interpreter: isScriptItself ? shebang : null,
    python,
    ...grammar,
  });
}

/** Null: there is none. One with a slash is a path, as for execvp. */
export async function findProgram(program: string, searchPath: string, cwd: string): Promise<string | null> {
  if (program.includes("/")) {
    const path = resolve(cwd, program);
    return (await may(path, "see")) ? path : null;
  }
  for (const directory of searchPath.split(":").filter((one) => one !== "")) {
    const path = join(directory, program);
    if (await may(path, "execute")) return path;
  }
  return null;
}

const interpreters = /^(python|bash|sh|dash|perl|ruby|node)[\d.]*$/;

/** The script that an interpreter is given: its first word that is no option; none with -c or -m. */
async function scriptOf(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<CommandFacts["script"]> {
  if (!interpreters.test(basename(program)) || args.some((one) => /^-\w*[cme]$/.test(one))) return null;
  const script = args.find((one) => !one.startsWith("-"));
  if (script === undefined) return null;
  const path = isAbsolute(script) ? script : resolve(cwd, script);
  return { path, isReadable: await may(path, "read") };
}

/** What the first line of a script asks for; "env NAME" is looked for in the PATH. */
async function interpreterOf(path: string | null, searchPath: string): Promise<CommandFacts["interpreter"]> {
  const line = path === null ? null : await firstLine(path);
  const [, program = "", first] = /^#!\s*(\S+)\s*(\S+)?/.exec(line ?? "") ?? [];
  if (program === "") return null;
  const isEnv = basename(program) === "env" && first !== undefined && !first.startsWith("-");
  if (isEnv) return { program: first, isThere: (await findProgram(first, searchPath, "/")) !== null };
  return { program, isThere: await may(program, "execute") };
}

async function firstLine(path: string): Promise<string | null> {
  const file = await open(path).catch(() => null);
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.toString("latin1", 0, bytesRead).split("\n")[0] ?? null;
  } catch {
    return null; // a directory, which execution then refuses
  } finally {
    await file.close();
  }
}

async function pythonOf({
  found,
  shebang,
}: {
  readonly found: string | null;
  readonly shebang: string | null;
}): Promise<string | null> {
  const candidates = [shebang, found].filter((one) => one !== null);
  return candidates.find((one) => /^python[\d.]*$/.test(basename(one))) ?? null;
}

type Grammar = Pick<CommandFacts, "syntaxError" | "missingModules">;

const noGrammar: Grammar = { syntaxError: null, missingModules: [] };

/** Reads the script without running it, and looks for what its top level imports for sure. */
const pythonProgram = `
import ast, importlib.util, json, os, sys
path = sys.argv[1]
sys.path[0] = os.path.dirname(os.path.abspath(path))
try:
    tree = ast.parse(open(path, "rb").read(), path)
except (SyntaxError, ValueError) as error:
    print(json.dumps({"syntaxError": "%s (line %s)" % (getattr(error, "msg", error), getattr(error, "lineno", "?")), "missingModules": []}))
    sys.exit(0)
names = set()
for node in tree.body:
    if isinstance(node, ast.Import):
        names.update(alias.name.split(".")[0] for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        names.add(node.module.split(".")[0])
missing = sorted(name for name in names if name not in sys.modules and importlib.util.find_spec(name) is None)
print(json.dumps({"syntaxError": None, "missingModules": missing}))
`;

interface Question {
  readonly python: string;
  readonly file: string;
  readonly job: CommandJob;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

async function askPython({ python, file, job, env, signal }: Question): Promise<Grammar> {
  const cwd = job.cwd ?? dirname(file);
  const text = await outputOf({ program: python, args: ["-B", "-c", pythonProgram, file], env, cwd }, signal);
  return text === null ? noGrammar : (JSON.parse(text) as Grammar); // what the program above prints
}
