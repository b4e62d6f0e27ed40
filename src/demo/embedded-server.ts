import { chmod, chown, cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { type Child, describeEnd, startChild, succeeded } from "../platform/child.ts";
import { type Clock, sleep } from "../platform/clock.ts";
import { currentUser, lookUpOwner } from "../platform/owner.ts";
import { findServerPrograms } from "./server-programs.ts";

export interface EmbeddedServer {
  /** Also where its socket lies. */
  readonly directory: string;
  readonly user: string;
  /** `PostgreSQL 15.18 …` as it introduces itself. */
  readonly version: string;
  stop(): Promise<void>;
}

export interface EmbeddedParts {
  readonly directory: string;
  readonly childEnv: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const user = "codex";

/**
 * Starts a PostgreSQL of its own on a socket in `directory`, without network; as root under an unprivileged user.
 * Throws "postgres.unreachable" with what it said when it does not come up.
 */
export async function startEmbeddedServer(parts: EmbeddedParts): Promise<EmbeddedServer> {
  const { directory } = parts;
  await mkdir(directory, { recursive: true });
  const programs = await programsFor(directory);
  const prefix = await unprivileged(directory);
  const data = join(directory, "data");
  const argv = [
    join(programs, "initdb"),
    "-D",
    data,
    "-U",
    user,
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
  ];
  const version = await runToEnd(parts, [...prefix, join(programs, "postgres"), "--version"]);
  await runToEnd(parts, [...prefix, ...argv]);
  const settings = [
    "listen_addresses=",
    `unix_socket_directories=${directory}`,
    "fsync=off",
    "max_connections=20",
  ];
  const flags = settings.flatMap((setting) => ["-c", setting]);
  const child = await start(parts, [...prefix, join(programs, "postgres"), "-D", data, ...flags]);
  await untilReady(parts, child);
  return { directory, user, version: version.trim(), stop: () => stop(child) };
}

/** A copy that the server's user may read, when the original may lie in somebody's home. */
async function programsFor(directory: string): Promise<string> {
  const found = await findServerPrograms();
  if (!found.isPrivate) return join(found.directory, "bin");
  const copy = join(directory, "postgresql");
  await cp(found.directory, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, "bin");
}

/** PostgreSQL refuses to run as root. */
async function unprivileged(directory: string): Promise<readonly string[]> {
  if (currentUser().uid !== 0) return [];
  const other = await lookUpOwner({ user: "nobody", group: null });
  if (other.kind === "unknown")
    throw new Failure(
      "postgres.unreachable",
      'Cannot start the embedded server: there is no user "nobody" to run it',
    );
  const { uid, gid } = other.ids;
  await chown(directory, uid, gid);
  await chmod(directory, 0o755);
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
}

async function start({ childEnv, directory }: EmbeddedParts, argv: readonly string[]): Promise<Child> {
  const [program = "", ...args] = argv;
  return startChild({ program, args, env: { ...childEnv, LC_ALL: "C" }, cwd: directory, stdout: "pipe" });
}

async function runToEnd(parts: EmbeddedParts, argv: readonly string[]): Promise<string> {
  const child = await start(parts, argv);
  const output = child.stdout === null ? "" : Buffer.concat(await child.stdout.toArray()).toString("utf8");
  const end = await child.ended;
  if (succeeded(end)) return output;
  throw new Failure(
    "postgres.unreachable",
    `Cannot prepare the embedded server: ${describeEnd(end)}: ${end.stderr.trim()}`,
  );
}

const startLimitMs = 30_000;

/** Its log goes to stderr; the line is not translated under LC_ALL=C. */
async function untilReady({ directory, clock, signal }: EmbeddedParts, child: Child): Promise<void> {
  child.stdout?.resume();
  const untilMs = clock.monotonicMs() + startLimitMs;
  let ended = false;
  void child.ended.then(() => {
    ended = true;
  });
  while (!/is ready to accept connections/.test(child.stderr())) {
    if (ended || clock.monotonicMs() > untilMs) {
      child.kill();
      throw new Failure(
        "postgres.unreachable",
        `Cannot start the embedded server in "${directory}": ${child.stderr().trim()}`,
      );
    }
    await sleep(clock, 50, signal);
  }
}

async function stop(child: Child): Promise<void> {
  child.kill(10_000);
  await child.ended;
}
