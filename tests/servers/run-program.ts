import { spawn } from "node:child_process";

export interface ProgramRun {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit status; 128 + n style is not used: a signal is told as text. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Sent to its stdin, which is then closed; nothing: /dev/null. */
  readonly input?: string | Buffer;
}

/** Runs a program to its end, whatever the end is. `env` replaces the whole environment when given. */
export function tryProgram(argv: readonly string[], options: ProgramOptions = {}): Promise<ProgramRun> {
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...(options.env ?? process.env) },
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => err.push(chunk));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve({ stdout: String(Buffer.concat(out)), stderr: String(Buffer.concat(err)), code, signal });
    });
    // A program that ends before it read everything is judged by its exit status, not by EPIPE.
    child.stdin?.on("error", () => child.stdin?.destroy());
    child.stdin?.end(options.input);
  });
}

/** As tryProgram, but throws with the program's stderr unless it exits with 0. Returns its stdout. */
export async function runProgram(argv: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const run = await tryProgram(argv, options);
  if (run.code === 0) return run.stdout;
  const end = run.signal ?? `status ${run.code}`;
  throw new Error(`${argv.join(" ")}: ${end}\n${run.stderr}${run.stderr === "" ? run.stdout : ""}`);
}
