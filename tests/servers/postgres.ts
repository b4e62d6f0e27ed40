import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { temporaryDirectory } from "./cleanup.ts";
import { runProgram } from "./run-program.ts";

export interface PostgresOptions {
  /** Default: the newest major that is installed. */
  readonly major?: number;
  readonly auth?: "trust" | "scram";
  /** The bootstrap superuser; default "codex". */
  readonly user?: string;
  /** Also listen on 127.0.0.1; otherwise the socket only. */
  readonly tcp?: boolean;
  /** Server settings, as for `postgres -c`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Further arguments of initdb, such as `--locale-provider=icu`. */
  readonly initdb?: readonly string[];
  /** A system identifier of its own; by default all servers of a process are copies of one template. */
  readonly ownIdentity?: boolean;
}

export interface PostgresTestServer {
  readonly major: number;
  readonly binDirectory: string;
  readonly dataDirectory: string;
  readonly socketDirectory: string;
  readonly port: number;
  readonly user: string;
  /** Null with auth "trust". Holds a colon, a backslash, a blank and a quote: what a password file must escape. */
  readonly password: string | null;
  /** The postmaster's process id. */
  readonly pid: number;
  /** PATH, PGHOST, PGPORT, PGUSER and, with scram, PGPASSWORD, for client programs of this server's major. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs SQL (or a script with psql's own commands) and returns its unaligned rows; throws on the first error. */
  psql(sql: string, database?: string, variables?: Readonly<Record<string, string>>): Promise<string>;
  createDatabase(name: string): Promise<void>;
  /** The server's log so far. */
  log(): string;
  /** Ends the server at once and removes its files. May be called twice. */
  stop(): Promise<void>;
}

const installations = "/usr/lib/postgresql";
const awkwardPassword = "pass:w\\ord 'q\"uote";
const templatesVariable = "CODEX_TEST_TEMPLATES";
const templates = new Map<string, Promise<string>>();

/** Starts a private server for a test. It cannot outlive this process, whatever ends it. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresTestServer> {
  const major = options.major ?? installedMajors().at(-1) ?? 0;
  const binDirectory = binDirectoryOf(major);
  const home = temporaryDirectory("pg");
  own(home);
  const dataDirectory = join(home, "data");
  await makeCluster(binDirectory, dataDirectory, options);
  const port = await freePort();
  const server = await launch({ binDirectory, home, dataDirectory, port, options });
  const access = accessOf({ binDirectory, home, port, options });
  return {
    major,
    binDirectory,
    dataDirectory,
    socketDirectory: home,
    port,
    pid: server.process.pid ?? 0,
    ...access,
    log: () => readFileSync(join(home, "log"), "utf8"),
    async stop() {
      await server.stop();
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
    },
  };
}

/** The majors whose server programs are here, ascending. */
export function installedMajors(): readonly number[] {
  return readdirSync(installations)
    .map(Number)
    .filter((major) => Number.isInteger(major) && readdirSync(binDirectoryOf(major)).includes("initdb"))
    .sort((a, b) => a - b);
}

/** Where the programs of a major lie. */
export function binDirectoryOf(major: number): string {
  return join(installations, String(major), "bin");
}

/** A TCP port of 127.0.0.1 that nobody listens on right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === "object" ? resolve(address.port) : reject(address)));
    });
  });
}

// PostgreSQL refuses to run as root, so root hands its programs to the user that Debian's package makes.
const isRoot = process.getuid?.() === 0;
const asPostgres = isRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] : [];

function own(path: string): void {
  if (!isRoot) return;
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith("postgres:"));
  const [, , uid, gid] = (line ?? "").split(":").map(Number);
  if (uid === undefined || gid === undefined) throw new Error('the user "postgres" does not exist here');
  chownSync(path, uid, gid);
}

async function makeCluster(bin: string, target: string, options: PostgresOptions): Promise<void> {
  if (options.ownIdentity) return initdb(bin, target, options);
  const key = JSON.stringify([bin, options.auth, options.user, options.initdb]);
  const made = templates.get(key) ?? makeTemplate(bin, options, key);
  templates.set(key, made);
  await runProgram([...asPostgres, "cp", "-a", await made, target]);
}

async function makeTemplate(bin: string, options: PostgresOptions, key: string): Promise<string> {
  const shared = sharedTemplate(key);
  if (shared !== null && existsSync(shared)) return shared;
  const home = temporaryDirectory("pg-template");
  own(home);
  const made = join(home, "data");
  await initdb(bin, made, options);
  if (shared === null) return made;
  await runProgram([...asPostgres, "cp", "-a", made, `${shared}.${process.pid}`]);
  try {
    renameSync(`${shared}.${process.pid}`, shared); // whoever comes first; a directory that is not empty is never replaced
  } catch {
    rmSync(`${shared}.${process.pid}`, { recursive: true, force: true });
  }
  return shared;
}

/** Where the whole run of tests keeps its templates, each made once; null outside of one. */
function sharedTemplate(key: string): string | null {
  const directory = process.env[templatesVariable];
  if (directory === undefined) return null;
  return join(directory, createHash("sha256").update(key).digest("hex").slice(0, 16));
}

/** A directory for the templates of all files of tests that run under it. Gone when this process is. */
export function shareTemplates(): void {
  const directory = temporaryDirectory("pg-templates");
  own(directory);
  process.env[templatesVariable] = directory;
}

async function initdb(bin: string, target: string, options: PostgresOptions): Promise<void> {
  const user = ["-U", options.user ?? "codex"];
  const locale = options.initdb ?? ["-E", "UTF8", "--locale=C.UTF-8"];
  const argv = [...asPostgres, join(bin, "initdb"), "-D", target, "--no-sync", ...user, ...locale];
  if (options.auth !== "scram") {
    await runProgram([...argv, "-A", "trust"], { cwd: "/" });
    return;
  }
  const passwordFile = join(temporaryDirectory("pg-password"), "password");
  writeFileSync(passwordFile, `${awkwardPassword}\n`, { mode: 0o600 });
  own(passwordFile);
  own(join(passwordFile, ".."));
  await runProgram([...argv, "-A", "scram-sha-256", `--pwfile=${passwordFile}`], { cwd: "/" });
}

interface Launch {
  readonly binDirectory: string;
  readonly home: string;
  readonly dataDirectory: string;
  readonly port: number;
  readonly options: PostgresOptions;
}

async function launch(from: Launch): Promise<{ process: ChildProcess; stop(): Promise<void> }> {
  const settings = {
    listen_addresses: from.options.tcp ? "127.0.0.1" : "",
    unix_socket_directories: from.home,
    port: String(from.port),
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    max_connections: "40",
    ...from.options.settings,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  // The kernel ends the server (SIGQUIT, immediate shutdown) when this process is gone, also after SIGKILL.
  const argv = ["setpriv", ...asPostgres.slice(1), "--pdeathsig=QUIT", join(from.binDirectory, "postgres")];
  const logFile = openSync(join(from.home, "log"), "w");
  const [program = "", ...rest] = [...argv, "-D", from.dataDirectory, ...args];
  const child = spawn(program, rest, { cwd: "/", stdio: ["ignore", logFile, logFile] });
  closeSync(logFile);
  child.unref();
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await untilReady(from, child);
  return {
    process: child,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      child.kill("SIGQUIT");
      await gone;
    },
  };
}

async function untilReady(from: Launch, child: ChildProcess): Promise<void> {
  const statusFile = join(from.dataDirectory, "postmaster.pid");
  for (let attempt = 0; attempt < 1500; attempt++) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    if (readIfThere(statusFile).split("\n")[7]?.trim() === "ready") return;
    await delay(20);
  }
  throw new Error(`PostgreSQL did not start:\n${readIfThere(join(from.home, "log"))}`);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // not written yet
  }
}

type Access = Pick<PostgresTestServer, "user" | "password" | "env" | "psql" | "createDatabase">;

function accessOf(from: Omit<Launch, "dataDirectory">): Access {
  const user = from.options.user ?? "codex";
  const password = from.options.auth === "scram" ? awkwardPassword : null;
  const env: Readonly<Record<string, string>> = {
    PATH: `${from.binDirectory}:${process.env.PATH ?? "/usr/bin:/bin"}`,
    LC_ALL: "C.UTF-8",
    PGHOST: from.home,
    PGPORT: String(from.port),
    PGUSER: user,
    ...(password === null ? {} : { PGPASSWORD: password }),
  };
  const psql: PostgresTestServer["psql"] = async (sql, database = "postgres", variables = {}) => {
    const set = Object.entries(variables).flatMap(([name, value]) => ["-v", `${name}=${value}`]);
    const argv = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", ...set, "-d", database, "-f", "-"];
    return (
      await runProgram([join(from.binDirectory, "psql"), ...argv.slice(1)], { env, input: sql })
    ).trimEnd();
  };
  return {
    user,
    password,
    env,
    psql,
    createDatabase: async (name) => {
      await runProgram([join(from.binDirectory, "createdb"), "--template=template0", name], { env });
    },
  };
}
