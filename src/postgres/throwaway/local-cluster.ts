import { constants } from "node:fs";
import { chown, type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { type Child, describeEnd, startChild, succeeded } from "../../platform/child.ts";
import { signalProcess } from "../../platform/foreign-process.ts";
import type { OwnerIds } from "../../platform/owner.ts";
import type { PostgresDeps } from "../access.ts";
import type { ServerPrograms } from "./find-programs.ts";
import { initdbArgs, serverSettings, settingArgs } from "./server-settings.ts";
import { asUser, serverUser } from "./server-user.ts";
import { admitGroup, type Workplace } from "./workplace.ts";

export interface ClusterOrder {
  readonly place: Workplace;
  readonly programs: ServerPrograms;
  readonly superuser: string;
  readonly locks: number;
  readonly signal: AbortSignal;
}

/** A running server. */
export interface LocalCluster {
  /** For clients: the directory of its socket. */
  readonly socketDirectory: string;
  stop(): Promise<void>;
}

/** What the server knows its directory by: a descriptor of it, since the way there may be closed to its user. */
const handedOver = "/proc/self/fd/3";
/** What a socket's address has room for. */
const longestAddress = 107;
const startLimitMs = 120_000;
const stopGraceMs = 10_000;

/**
 * Makes a cluster in the workplace and starts it: a socket in its own directory, no network, nothing that a crash must
 * not lose. Throws "postgres.throwaway" with what the programs said.
 */
export async function startLocalCluster(deps: PostgresDeps, order: ClusterOrder): Promise<LocalCluster> {
  const { place, programs, signal } = order;
  const user = await serverUser(deps.newToken);
  const data = join(place.path, "data");
  await mkdir(data, { mode: 0o700 });
  if (user !== null) {
    await admitGroup(place, user.gid);
    await chown(data, user.uid, user.gid);
  }
  const directory = await open(data, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const start = (program: string, args: readonly string[]) =>
      startAs(user, { program: `${programs.directory}${program}`, args, directory, env: deps.env });
    const { superuser, locks } = order;
    await runInitdb(await start("initdb", initdbArgs({ data: handedOver, superuser })), signal);
    const { major } = programs.version;
    const settings = serverSettings({ major, socketDirectory: ".", locks });
    const server = await start("postgres", ["-D", handedOver, ...settingArgs(settings)]);
    await untilReady(deps, server, signal);
    let isOver = false;
    void server.ended.then(() => {
      isOver = true;
    });
    const stop = () => (isOver ? Promise.resolve() : stopServer(server));
    return { socketDirectory: reachable(data, server.pid), stop };
  } finally {
    await directory.close();
  }
}

interface ProgramStart {
  readonly program: string;
  readonly args: readonly string[];
  readonly directory: FileHandle;
  readonly env: PostgresDeps["env"];
}

/** With nothing of our own environment but the PATH: no HOME, no settings of libpq, no language. */
async function startAs(user: OwnerIds | null, start: ProgramStart): Promise<Child> {
  const [program = "", ...become] = asUser(user);
  const env = { PATH: start.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
  const how = { env, cwd: "/", extraFd: start.directory.fd };
  try {
    return await startChild({ ...how, program, args: [...become, start.program, ...start.args] });
  } catch (error) {
    const isMissing = error instanceof Failure && error.context.errno === "ENOENT";
    // Without setpriv the server may outlive us; the next proof then ends it.
    if (isMissing && user === null) return startChild({ ...how, program: start.program, args: start.args });
    throw cannotStart("setpriv, which lets it run as another user, could not be started", error);
  }
}

async function runInitdb(child: Child, signal: AbortSignal): Promise<void> {
  const end = await whileWanted(child, signal, () => child.ended);
  if (!succeeded(end)) throw cannotStart(`initdb ended with ${describeEnd(end)}: ${end.stderr.trim()}`);
}

/** Under LC_ALL=C the server's words are not translated. */
async function untilReady(deps: PostgresDeps, server: Child, signal: AbortSignal): Promise<void> {
  const cancel = deps.clock.after(startLimitMs, () => server.kill(0));
  try {
    const isReady = await whileWanted(server, signal, () => server.hasSaid(/ready to accept connections/));
    if (!isReady) throw cannotStart(server.stderr().trim());
  } finally {
    cancel();
  }
}

/** Ends the child, and throws the signal's reason, when it is raised. */
async function whileWanted<T>(child: Child, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const onAbort = () => child.kill(0);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const result = await work();
    signal.throwIfAborted();
    return result;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Where a path is too long for a socket's address, the way through the server's own working directory is not. */
function reachable(data: string, pid: number): string {
  return Buffer.byteLength(`${data}/.s.PGSQL.5432`) <= longestAddress ? data : `/proc/${pid}/cwd`;
}

/** At once: there is nothing in it to keep. */
async function stopServer(server: Child): Promise<void> {
  signalProcess(server.pid, "SIGQUIT");
  server.kill(stopGraceMs);
  await server.ended;
}

/** "postgres.throwaway": it says nothing of the backup. */
export function cannotStart(seen: string, cause?: unknown): Failure {
  return new Failure("postgres.throwaway", `Cannot start a server for the proof: ${seen}`, {
    hint: "Mend this, or choose where proofs restore with prove.server.",
    cause,
  });
}
