import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import type { Io, Writer } from "../../../src/cli/cli.ts";
import { loadCodex } from "../../fixtures/codex.ts";
import { type PostgresTestServer, startPostgres } from "../../servers/postgres.ts";
import type { Program } from "./program.ts";

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

/** `recipient`: whom the third job is encrypted for. */
function configFor(
  { socketDirectory, port, user }: PostgresTestServer,
  { last, recipient }: { readonly last: number; readonly recipient: string },
): string {
  const postgres = `{ socket: ${socketDirectory}, port: ${port}, user: ${user}, database: codexdb }`;
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
    postgres: ${postgres}
    to: [store]
    compress: zstd
    name: "codexdb_{timestamp}"
    keep: { last: ${last}, minimum: 1 }
  sealed:
    postgres: ${postgres}
    to: [second]
    compress: zstd
    encrypt: { recipients: [${recipient}] }
    name: "sealed_{timestamp}"
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

export interface WorkshopOptions {
  readonly rows: number;
  readonly program: Program;
  /** The good backups were verified and proven as well: receipts lie beside them. */
  readonly hasReceipts: boolean;
}

export async function openWorkshop({ rows, program, hasReceipts }: WorkshopOptions): Promise<Workshop> {
  const root = mkdtempSync(join(tmpdir(), "codex-faults-"));
  const server = await startPostgres();
  await loadCodex(server, { rows });
  const template = join(root, "template");
  plantTree(join(template, "tree"));
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  writeFileSync(join(template, identityFile), `${identity}\n`, { mode: 0o600 });
  for (const [name, last] of [
    ["codex-backup.yaml", 3],
    ["strict.yaml", 1],
  ] as const)
    writeFileSync(join(template, name), configFor(server, { last, recipient }), { mode: 0o600 });
  const env = envOf({ root, program, server });
  let clones = 0;
  const workshop: Workshop = {
    server,
    clone() {
      clones += 1;
      const home = join(root, `machine-${clones}`);
      cpSync(template, home, { recursive: true, preserveTimestamps: true });
      return home;
    },
    start: (cwd, argv, faults) =>
      start(program, argv, { cwd, env: { ...env, CODEX_FAULTS: JSON.stringify(faults ?? {}) } }),
    run: (cwd, argv) => runHere(program, argv, { cwd, env }),
    async close() {
      await server.stop();
      rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
  await stock(workshop, template, hasReceipts ? [...backups, ...receipts] : backups);
  return workshop;
}

const identityFile = "identity.txt";

/** Two whole backups of each job, signed. */
const backups = [
  ["destination", "init", "--all"],
  ["keys", "generate"],
  ["keys", "confirm", "--identity", identityFile],
  ["run", "capsule", "database", "sealed"],
  ["run", "capsule", "database", "sealed"],
  ["run", "checksums"],
] as const;

const receipts = [["verify"], ["prove", "--job", "database", "--latest"]] as const;

async function stock(
  workshop: Workshop,
  home: string,
  commands: readonly (readonly string[])[],
): Promise<void> {
  for (const command of commands) {
    const argv = command.map((word) => (word === identityFile ? join(home, word) : word));
    const { code, stderr, stdout } = await workshop.run(home, argv);
    if (code !== 0) throw new Error(`${argv.join(" ")}: ${code}\n${stdout}${stderr}`);
  }
}

type Environment = Readonly<Record<string, string>>;

/** The server's own programs come first: Debian's psql is a script in front of them, eight times as dear. */
function envOf(from: {
  readonly root: string;
  readonly program: Program;
  readonly server: PostgresTestServer;
}): Environment {
  const { root, program, server } = from;
  return {
    PATH: server.env.PATH ?? "/usr/bin:/bin",
    HOME: root,
    NODE_COMPILE_CACHE: program.compileCache,
  };
}

interface Where {
  readonly cwd: string;
  readonly env: Environment;
}

function start({ main, preload }: Program, argv: readonly string[], { cwd, env }: Where): Started {
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

async function runHere({ perform }: Program, argv: readonly string[], { cwd, env }: Where): Promise<Ended> {
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
  const code = await perform(argv, io, { env, cwd });
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
