import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Io, runCli, type Writer } from "../../../src/cli/cli.ts";
import { createTool } from "../../../src/wiring.ts";
import { loadCodex } from "../../fixtures/codex.ts";
import { type PostgresTestServer, startPostgres } from "../../servers/postgres.ts";

const main = resolve(import.meta.dirname, "../../../src/main.ts");
const preload = resolve(import.meta.dirname, "kill-preload.ts");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One operator's directory with good backups in it, and copies of it to break. */
export interface Workshop {
  readonly server: PostgresTestServer;
  /** A copy of the machine as it was when everything was well. */
  clone(): string;
  /** The tool as a process of its own; `faults` goes to the preload. */
  start(home: string, argv: readonly string[], faults?: object): Started;
  /** The tool within this process: the same code, without the start-up. */
  run(home: string, argv: readonly string[]): Promise<Ended>;
  close(): Promise<void>;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

function configFor({ socketDirectory, port, user }: PostgresTestServer, last: number): string {
  return `version: 1
state: ./state
destinations:
  store: { path: ./store }
  second: { path: ./second }
jobs:
  capsule:
    capsule: { root: ./tree }
    to: [store, second]
    name: "replay_{timestamp}"
    keep: { last: ${last}, minimum: 1 }
  database:
    postgres: { socket: ${socketDirectory}, port: ${port}, user: ${user}, database: codexdb }
    to: [store]
    compress: zstd
    name: "codexdb_{timestamp}"
    keep: { last: ${last}, minimum: 1 }
  checksums:
    checksums: { destination: store }
`;
}

/** Files of sizes from nothing to half a megabyte. */
function plantTree(root: string): void {
  mkdirSync(join(root, "ledger"), { recursive: true });
  for (const [index, size] of [0, 1, 4096, 70_000, 500_000].entries())
    writeFileSync(join(root, "ledger", `${index}.bin`), Buffer.alloc(size, index + 1));
}

export async function openWorkshop(rows: number): Promise<Workshop> {
  const root = mkdtempSync(join(tmpdir(), "codex-faults-"));
  const server = await startPostgres();
  await loadCodex(server, { rows });
  const template = join(root, "template");
  plantTree(join(template, "tree"));
  writeFileSync(join(template, "codex-backup.yaml"), configFor(server, 3), { mode: 0o600 });
  writeFileSync(join(template, "strict.yaml"), configFor(server, 1), { mode: 0o600 });
  const env = envOf(root);
  let clones = 0;
  const workshop: Workshop = {
    server,
    clone() {
      clones += 1;
      const home = join(root, `machine-${clones}`);
      cpSync(template, home, { recursive: true, preserveTimestamps: true });
      return home;
    },
    start: (home, argv, faults) => start(home, argv, { ...env, CODEX_FAULTS: JSON.stringify(faults ?? {}) }),
    run: (home, argv) => runHere(home, argv, env),
    async close() {
      await server.stop();
      rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
  await stock(workshop, template);
  return workshop;
}

/** Two whole backups of each job, signed. */
async function stock(workshop: Workshop, home: string): Promise<void> {
  for (const argv of [
    ["destination", "init", "--all"],
    ["keys", "generate"],
    ["run", "capsule", "database"],
    ["run", "capsule", "database"],
    ["run", "checksums"],
  ]) {
    const { code, stderr, stdout } = await workshop.run(home, argv);
    if (code !== 0) throw new Error(`${argv.join(" ")}: ${code}\n${stdout}${stderr}`);
  }
}

function envOf(root: string): Readonly<Record<string, string>> {
  return {
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    HOME: root,
    NODE_COMPILE_CACHE: join(root, "compile-cache"),
  };
}

function start(cwd: string, argv: readonly string[], env: Readonly<Record<string, string>>): Started {
  const flags = ["--disable-warning=ExperimentalWarning", "--import", preload];
  const child = spawn(process.execPath, [...flags, main, ...argv], {
    cwd,
    env: { ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const written = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    written.stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    written.stderr += chunk;
  });
  // Not "close": what the dead one left running may hold its pipes.
  const ended = new Promise<Ended>((settle) => {
    child.once("exit", (code, signal) => setImmediate(() => settle({ code, signal, ...written })));
  });
  return { child, ended };
}

async function runHere(
  cwd: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
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

/** The lines of a trace; none when nothing was written. */
export function readTrace(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch {
    return []; // it died before its first step
  }
}
