import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterUs } from "./cleanup.ts";
import { debianRoot } from "./debian-root.ts";
import { type ProgramRun, runProgram, tryProgram } from "./run-program.ts";

/** A Debian 12 with systemd as its first process, and PostgreSQL 15 running. */
export interface SystemdHost {
  /** Runs a command inside, to its end, whatever the end is. */
  try(...argv: readonly string[]): Promise<ProgramRun>;
  /** As try, but throws unless it exits with 0; returns its stdout. */
  run(...argv: readonly string[]): Promise<string>;
  /** Writes a file inside. */
  write(path: string, text: string): Promise<void>;
  /** May be called twice. */
  remove(): Promise<void>;
}

const checkout = resolve(import.meta.dirname, "../..");

/** The tool inside: our checkout is mounted there, read-only, at its own path. */
export const toolInside = `${checkout}/bin/codex-backup`;

export interface SystemdOptions {
  /** As podman's -v: "HERE:INSIDE" or "HERE:INSIDE:ro". */
  readonly mounts?: readonly string[];
}

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

const removal = `
  podman --root "$1/storage" --runroot "$1/run" rm -a -f -t 0
  grep -o " $1/[^ ]*" /proc/self/mounts | sort -r | xargs -r umount -l
  rm -rf "$1"`;

// What "podman exec" would give a process, and does in a hundred times as long as the kernel needs for it.
const enter = ["nsenter", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"];
const rights =
  "chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service sys_chroot mknod net_raw setfcap audit_write";
const asThere = [
  ...["setpriv", `--bounding-set=-all,+${rights.replaceAll(" ", ",+")}`, "--inh-caps=-all"],
  ...[
    "env",
    "-i",
    "HOME=/root",
    "TERM=xterm",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  ],
];

/** Boots one. Gone when this process is, whatever ends it. Needs root. */
export async function startSystemd({ mounts = [] }: SystemdOptions = {}): Promise<SystemdHost> {
  const root = await debianRoot();
  const directory = mkdtempSync(join(tmpdir(), "codex-test-systemd-"));
  writeFileSync(join(directory, "containers.conf"), configuration(directory));
  const env = {
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    CONTAINERS_CONF: join(directory, "containers.conf"),
  };
  const remove = afterUs(removal, [directory], env).now;
  const podman = ["podman", "--root", `${directory}/storage`, "--runroot", `${directory}/run`];
  const volumes = [`${checkout}:${checkout}:ro`, ...mounts].flatMap((mount) => ["-v", mount]);
  const boot = ["--name", "host", "--network=none", "--systemd=always", ...volumes];
  await runProgram([...podman, "run", "-d", ...boot, "--rootfs", `${root}:O`, "/sbin/init"], { env });
  const found = await runProgram([...podman, "inspect", "--format", "{{.State.Pid}}", "host"], { env });
  const inside = (argv: readonly string[]) => [...enter, `--target=${found.trim()}`, ...asThere, ...argv];
  const host: SystemdHost = {
    try: (...argv) => tryProgram(inside(argv), { env }),
    run: (...argv) => runProgram(inside(argv), { env }),
    write: async (path, text) =>
      void (await runProgram(inside(["sh", "-c", `mkdir -p "$(dirname "$0")"; cat > "$0"`, path]), {
        env,
        input: text,
      })),
    remove,
  };
  await untilUp(host);
  return host;
}

async function untilUp(host: SystemdHost): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt++) {
    const { stdout } = await host.try("systemctl", "is-system-running");
    const { code } = await host.try("systemctl", "is-active", "-q", "postgresql@15-main");
    if (/^(running|degraded)/.test(stdout) && code === 0) return;
    await delay(200);
  }
  throw new Error(
    `systemd did not come up:\n${(await host.try("journalctl", "--no-pager", "-n", "40")).stdout}`,
  );
}
