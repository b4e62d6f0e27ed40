import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Io, runCli, type Writer } from "../../src/cli/cli.ts";
import { createTool } from "../../src/wiring.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type ProgramRun, runProgram, tryProgram } from "../servers/run-program.ts";

/** As a checkout has it: it starts the sources. */
export const sourceLauncher = join(import.meta.dirname, "../../bin/codex-backup");
const built = process.env.CODEX_TEST_LAUNCHER;
/** What tests start: `npm test` builds the tool once (scripts/tool-for-tests.ts), a file run alone takes the sources. */
export const launcher = built ?? sourceLauncher;
/** Compiled code is shared by all starts: most of a start is compiling. */
const compileCache = built ? join(built, "../../compiled") : temporaryDirectory("compile-cache");

/** An operator's directory: a config, a tree of artifacts, and the tool run inside of it. */
export interface Operator {
  readonly directory: string;
  /** What the tool is started with; nothing else of this process. */
  readonly env: Readonly<Record<string, string>>;
  path(...parts: readonly string[]): string;
  /** Runs one command line to its end. */
  run(...argv: readonly string[]): Promise<ProgramRun>;
  /** As run, with --json; throws unless stdout is exactly one document. */
  json(...argv: readonly string[]): Promise<{ readonly code: number | null; readonly document: Json }>;
  /** As run, within this process: fast, for what needs no process of its own. */
  runHere(...argv: readonly string[]): Promise<ProgramRun>;
  /** Starts one and leaves it running. */
  start(...argv: readonly string[]): StartedTool;
}

// biome-ignore lint/suspicious/noExplicitAny: documents are compared whole or by single fields in assertions
export type Json = any;

export interface StartedTool {
  readonly child: ChildProcess;
  readonly ended: Promise<ProgramRun>;
}

/** `config` is written as codex-backup.yaml; a tree of artifacts lies in `tree`. */
export function createOperator(
  config: string,
  env: Readonly<Record<string, string>> = {},
  program = launcher,
): Operator {
  const directory = temporaryDirectory("cli");
  const path = (...parts: readonly string[]) => join(directory, ...parts);
  mkdirSync(path("tree/ledger"), { recursive: true });
  writeFileSync(path("tree/audit.log"), "one\ntwo\n");
  writeFileSync(path("tree/ledger/entry.json"), '{"amount": 12}\n');
  writeFileSync(path("codex-backup.yaml"), config, { mode: 0o600 });
  const whole = {
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    HOME: directory,
    NODE_COMPILE_CACHE: compileCache,
    ...env,
  };
  const run = (...argv: readonly string[]) => tryProgram([program, ...argv], { cwd: directory, env: whole });
  return {
    directory,
    env: whole,
    path,
    run,
    async json(...argv) {
      const { stdout, code } = await run("--json", ...argv);
      return { code, document: JSON.parse(stdout) };
    },
    runHere: (...argv) => runHere(argv, directory, whole),
    start: (...argv) => startTool([program, ...argv], directory, whole),
  };
}

async function runHere(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<ProgramRun> {
  const written = { stdout: "", stderr: "" };
  const writer = (name: "stdout" | "stderr"): Writer => ({
    write(text) {
      written[name] += text;
    },
    isTerminal: false,
    columns: 80,
  });
  const io: Io = {
    stdout: writer("stdout"),
    stderr: writer("stderr"),
    outputTaken: async () => true,
    env,
    cwd,
    signal: new AbortController().signal,
    onHangup: () => undefined,
    userName: "tester",
    prompt: null,
  };
  const code = await runCli(argv, io, createTool({ env, cwd }));
  return { ...written, code, signal: null };
}

function startTool(argv: readonly string[], cwd: string, env: Readonly<Record<string, string>>): StartedTool {
  const [program = "", ...rest] = argv;
  const child = spawn(program, rest, { cwd, env: { ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const ended = new Promise<ProgramRun>((resolve) => {
    child.once("close", (code, signal) => resolve({ stdout, stderr, code, signal }));
  });
  return { child, ended };
}

/** A named pipe: whoever opens one end waits for the other, so that tests wait for events, not for time. */
export async function makePipe(path: string): Promise<string> {
  await runProgram(["mkfifo", path]);
  return path;
}

/** One destination, a capsule, its checksums, a command that succeeds, and one that fails. */
export const localConfig = `
version: 1
state: ./state
timezone: Europe/Berlin
destinations:
  store: { path: ./store }
jobs:
  capsule:
    schedule: "15 2 * * *"
    capsule: { root: ./tree }
    to: [store]
    name: "replay_{timestamp}"
    keep: { last: 1, minimum: 1 }
  checksums:
    schedule: "30 2 * * *"
    checksums: { destination: store }
  script:
    command: { argv: [/bin/sh, -c, "echo said on stdout; echo said on stderr >&2; env"] }
  broken:
    command: { argv: [/bin/sh, -c, "echo the disk is on fire >&2; exit 7"] }
`;
