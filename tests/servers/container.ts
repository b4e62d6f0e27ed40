import { chmodSync, copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterUs } from "./cleanup.ts";
import { binDirectoryOf, installedMajors } from "./postgres.ts";
import { type ProgramOptions, runProgram, tryProgram } from "./run-program.ts";

export interface ContainerOptions {
  /** Superuser and database made at the first start; defaults "codex" and "codexdb". */
  readonly user?: string;
  readonly database?: string;
  /** Beside `compose`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Labels as docker compose sets them. */
  readonly compose?: { readonly project: string; readonly service: string };
  /** Another container in the engine of an earlier one, so that both are seen by one `docker ps`. */
  readonly beside?: PostgresContainer;
}

export interface PostgresContainer {
  readonly name: string;
  readonly id: string;
  readonly user: string;
  readonly database: string;
  /** What a program needs so that its `docker` (and `podman`) is this container's engine: PATH, CONTAINERS_CONF. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs a docker command, such as ["ps", "-a"]; returns its stdout, throws unless it exits with 0. */
  docker(args: readonly string[], options?: Pick<ProgramOptions, "input">): Promise<string>;
  psql(sql: string, database?: string): Promise<string>;
  /** Freezes every process inside. */
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** SIGKILL to the server's first process; the container stays, stopped. */
  kill(): Promise<void>;
  /** Starts it again after kill, with its data, and waits for the server. */
  start(): Promise<void>;
  /** Removes the container, and its engine's directory with the last one. May be called twice. */
  remove(): Promise<void>;
}

interface Engine {
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Removes every container and the directory; settles when that is done. */
  close(): Promise<void>;
}

const engines = new WeakMap<PostgresContainer, { readonly engine: Engine; readonly users: Set<string> }>();

/**
 * Starts a real PostgreSQL in a real container (podman and runc, the host's root as its file system, changes
 * kept in an overlay), reached by `docker exec` only. Each call has an engine of its own, so equal names in
 * tests at the same time do not meet. Gone when this process is, whatever ends it. Needs root.
 */
export async function startPostgresContainer(
  name: string,
  options: ContainerOptions = {},
): Promise<PostgresContainer> {
  const shared = options.beside ? engines.get(options.beside) : undefined;
  const { engine, users } = shared ?? { engine: openEngine(), users: new Set<string>() };
  const { user = "codex", database = "codexdb" } = options;
  const bin = binDirectoryOf(installedMajors().at(-1) ?? 0);
  const docker: PostgresContainer["docker"] = (args, more = {}) =>
    runProgram(["docker", ...args], { env: engine.env, ...more });
  const settings = { POSTGRES_USER: user, POSTGRES_DB: database, POSTGRES_BIN: bin };
  const id = await docker(["run", ...runArguments(name, engine, options, settings)]);
  users.add(name);
  const container: PostgresContainer = {
    name,
    id: id.trim(),
    user,
    database,
    env: engine.env,
    docker,
    psql: async (sql, into = database) => {
      const query = [
        "psql",
        "-X",
        "-q",
        "-A",
        "-t",
        "-v",
        "ON_ERROR_STOP=1",
        "-U",
        user,
        "-d",
        into,
        "-f",
        "-",
      ];
      return (await docker(["exec", "-i", name, ...query], { input: sql })).trimEnd();
    },
    pause: async () => void (await docker(["pause", name])),
    unpause: async () => void (await docker(["unpause", name])),
    kill: async () => {
      await docker(["kill", name]);
      await docker(["wait", name]);
    },
    async start() {
      await docker(["start", name]);
      await untilReady(container);
    },
    async remove() {
      if (!users.delete(name)) return;
      if (users.size === 0) return engine.close();
      await docker(["rm", "-f", "-t", "0", name]);
    },
  };
  engines.set(container, { engine, users });
  await untilReady(container);
  return container;
}

function runArguments(
  name: string,
  engine: Engine,
  options: ContainerOptions,
  settings: Readonly<Record<string, string>>,
): readonly string[] {
  const compose = options.compose && {
    "com.docker.compose.project": options.compose.project,
    "com.docker.compose.service": options.compose.service,
    "com.docker.compose.oneoff": "False",
  };
  const labels = Object.entries({ ...compose, ...options.labels });
  return [
    ...["-d", "--name", name, "--network=none", "--volume", `${engine.directory}/entry.sh:/entry.sh:ro`],
    ...labels.flatMap(([key, value]) => ["--label", `${key}=${value}`]),
    ...Object.entries(settings).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    ...["--rootfs", "/:O", "/entry.sh"],
  ];
}

// runc, because crun refuses hybrid cgroups; low limits, because raising them needs CAP_SYS_RESOURCE;
// locks in files, because several engines would share those in memory.
const configuration = (directory: string) => `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "${directory}/tmp"
static_dir = "${directory}/static"
volume_path = "${directory}/volumes"
`;

function openEngine(): Engine {
  const directory = mkdtempSync(join(tmpdir(), "codex-test-engine-"));
  const storage = `--root ${directory}/storage --runroot ${directory}/run`;
  const bin = mkdtempSync(join(directory, "bin-"));
  chmodSync(directory, 0o755);
  for (const program of ["docker", "podman"]) {
    writeFileSync(join(bin, program), `#!/bin/sh\nexec /usr/bin/podman ${storage} "$@"\n`, { mode: 0o755 });
  }
  copyFileSync(fileURLToPath(new URL("./container-entry.sh", import.meta.url)), join(directory, "entry.sh"));
  writeFileSync(join(directory, "containers.conf"), configuration(directory));
  const path = `${bin}:${process.env.PATH ?? "/usr/bin:/bin:/usr/sbin:/sbin"}`;
  const env = { PATH: path, CONTAINERS_CONF: join(directory, "containers.conf") };
  return { env, directory, close: afterUs(removeEngine, [directory], env).now };
}

// podman leaves the overlay mounted when a container was killed in the middle of its start.
const removeEngine = `
  docker rm -a -f -t 0
  grep -o " $1/[^ ]*" /proc/self/mounts | sort -r | xargs -r umount -l
  rm -rf "$1"`;

async function untilReady(container: PostgresContainer): Promise<void> {
  const query = [
    "psql",
    "-X",
    "-h",
    "127.0.0.1",
    "-U",
    container.user,
    "-d",
    container.database,
    "-c",
    "select 1",
  ];
  for (let attempt = 0; attempt < 600; attempt++) {
    const run = await tryProgram(["docker", "exec", container.name, ...query], { env: container.env });
    if (run.code === 0) return;
    await delay(50);
  }
  const log = await tryProgram(["docker", "logs", container.name], { env: container.env });
  throw new Error(`PostgreSQL did not start in container "${container.name}":\n${log.stdout}${log.stderr}`);
}
