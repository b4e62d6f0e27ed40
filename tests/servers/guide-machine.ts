import { spawn } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { makeStorageTree } from "../../src/demo/storage-tree.ts";
import { temporaryDirectory } from "./cleanup.ts";
import { type PostgresContainer, startPostgresContainer } from "./container.ts";
import { runProgram } from "./run-program.ts";
import { type SystemdHost, startSystemd } from "./systemd.ts";

/** The Super-Codex-AI host as its operator finds it before the first page of the guide. */
export interface GuideMachine {
  /** A Debian 12 with systemd, cron and `docker`; our checkout lies at /opt/codex-backup. Nothing of ours is installed. */
  readonly host: SystemdHost;
  /** `codex_postgres` with the sample database, reached from the host by `docker`. */
  readonly container: PostgresContainer;
  remove(): Promise<void>;
}

/** Boots one in a few seconds, private to this process and gone with it. Needs root. */
export async function startGuideMachine(): Promise<GuideMachine> {
  const shared = temporaryDirectory("guide");
  const starting = startContainer();
  await makeStorageTree(join(shared, "storage"), { files: 6 });
  const mounts = [
    ...(await copyCheckout(join(shared, "checkout"))),
    `${shared}:/srv/shared:ro`,
    ...(await engineMounts()),
    ...["age", "age-keygen"].map((name) => `/usr/bin/${name}:/usr/bin/${name}:ro`),
  ];
  const [container, host] = await Promise.all([starting, startSystemd({ mounts })]);
  serveEngine(container, join(shared, "engine.sock"));
  await host.write("/usr/local/bin/docker", await engineClient());
  await host.run("sh", "-euc", prepare);
  return {
    host,
    container,
    async remove() {
      await host.remove();
      await container.remove();
    },
  };
}

// The mailer keeps what it is given, as a local one does. The tree is copied, for what is mounted is shared.
const prepare = `
chmod 755 /usr/local/bin/docker
useradd --create-home codex
mkdir -p /opt/Super-Codex-AI/scripts
cp -r /srv/shared/storage /opt/Super-Codex-AI/storage
echo 'import json; print(json.dumps({"annals": "told"}))' > /opt/Super-Codex-AI/scripts/extra.py
chown -R codex:codex /opt/Super-Codex-AI
printf '#!/bin/sh\\nexec cat >> /var/mail/root\\n' > /usr/sbin/sendmail
chmod 755 /usr/sbin/sendmail`;

async function startContainer(): Promise<PostgresContainer> {
  const container = await startPostgresContainer("codex_postgres");
  const sample = readFileSync(new URL("../../src/demo/codex.sql", import.meta.url), "utf8");
  await container.psql(`\\set rows 500\n${sample}`);
  return container;
}

/**
 * A copy, so that the machine sees one state of the sources; its packages are there, as after an npm install. Where the
 * tool was built for tests, its modules lie there too: the launcher takes them.
 */
async function copyCheckout(to: string): Promise<readonly string[]> {
  const checkout = resolve(import.meta.dirname, "../..");
  const parts = "bin src ops scripts package.json package-lock.json";
  const script = `mkdir -p "$1/node_modules"; cp -r ${parts} "$1"; touch -d @0 "$1/package-lock.json"
    [ -z "$2" ] || cp -r "$2"/*.js "$2/src" "$1"`;
  const launcher = process.env.CODEX_TEST_LAUNCHER;
  const built = launcher === undefined ? "" : join(launcher, "../..");
  await runProgram(["sh", "-euc", script, "copy", to, built], { cwd: checkout });
  return [`${to}:/opt/codex-backup`, `${checkout}/node_modules:/opt/codex-backup/node_modules:ro`];
}

/** Lets the container's engine answer at a socket, so that another machine has a `docker` which reaches it. */
function serveEngine(container: PostgresContainer, socket: string): void {
  const argv = ["--pdeathsig", "KILL", "podman", "system", "service", "--time=0", `unix://${socket}`];
  const service = spawn("setpriv", argv, { env: { ...container.env }, stdio: "ignore" });
  service.unref();
}

/** Where the libraries that podman was linked with lie here, and the program that loads them. */
async function podmanLibraries(): Promise<{ readonly directory: string; readonly loader: string }> {
  const libraries = await runProgram(["ldd", "/usr/bin/podman"]);
  const directory = dirname(realpathSync(/(\/\S+\/libc\.so\.6)/.exec(libraries)?.[1] ?? "/"));
  const loader = realpathSync(/^\s*(\/\S*ld-linux\S*)/m.exec(libraries)?.[1] ?? "/");
  return { directory, loader: loader.slice(directory.length + 1) };
}

// The program of this machine with the libraries of this machine: the other one has neither.
async function engineMounts(): Promise<readonly string[]> {
  const { directory } = await podmanLibraries();
  return [`${directory}:/opt/engine:ro`, "/usr/bin/podman:/opt/podman:ro"];
}

/** A `docker` for the other machine, which speaks to the same engine. */
async function engineClient(): Promise<string> {
  const { loader } = await podmanLibraries();
  const start = `/opt/engine/${loader} --library-path /opt/engine /opt/podman`;
  return `#!/bin/sh\nexec ${start} --remote --url unix:///srv/shared/engine.sock "$@"\n`;
}
