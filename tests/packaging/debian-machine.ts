import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type ProgramRun, runProgram, tryProgram } from "../servers/run-program.ts";

/** A Debian that has PostgreSQL and systemd's programs, and no Node. */
export interface DebianMachine {
  /** Runs a shell script as root in it, without network; what it starts ends with it. Changes stay. */
  run(script: string): Promise<ProgramRun>;
  /** As run, but throws unless it exits with 0. Returns its stdout. */
  demand(script: string): Promise<string>;
  /** Copies a file of ours to /root in it. Returns its path there. */
  give(path: string): string;
}

// Made once for all tests of this machine, by bootstrapping from the archive; a test changes only its overlay.
const base = "/var/tmp/codex-test-plain-debian-2";
/** The same before the packages: what images are built on. There once a machine was made. */
export const bareArchive = `${base}.tar`;
const packages = ["postgresql", "libatomic1", "logrotate", "systemd", "ca-certificates"];

const enter = `
  set -e
  top=$1 base=$2 script=$3
  mount -t overlay overlay -o "lowerdir=$base,upperdir=$top/changes,workdir=$top/work" "$top/root"
  mount -t proc proc "$top/root/proc"
  mount -t tmpfs tmpfs "$top/root/run"
  mount --rbind /dev "$top/root/dev"
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \\
    chroot "$top/root" sh -c "$script"`;

const namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--net", "--ipc"];

/** A fresh machine, gone with this process. Needs root; the first one of a host takes a minute and the network. */
export async function createDebianMachine(): Promise<DebianMachine> {
  if (!existsSync(base)) await bootstrap();
  const top = temporaryDirectory("machine");
  for (const folder of ["changes", "work", "root"]) mkdirSync(join(top, folder));
  const argv = (script: string) => [...namespaces, "sh", "-c", enter, "sh", top, base, script];
  return {
    run: (script) => tryProgram(argv(script)),
    demand: (script) => runProgram(argv(`set -e\n${script}`)),
    give(path) {
      const inside = `/root/${basename(path)}`;
      mkdirSync(join(top, "changes/root"), { recursive: true, mode: 0o700 });
      copyFileSync(path, join(top, "changes", inside));
      return inside;
    },
  };
}

async function bootstrap(): Promise<void> {
  const making = `${base}.${process.pid}`;
  rmSync(making, { recursive: true, force: true });
  await runProgram(["debootstrap", "--variant=minbase", "bookworm", making]);
  await runProgram(["tar", "-C", making, "-cf", `${making}.tar`, "."]);
  renameSync(`${making}.tar`, bareArchive);
  const install = `mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"
    DEBIAN_FRONTEND=noninteractive exec chroot "$1" apt-get -y --no-install-recommends install ${packages.join(" ")}`;
  await runProgram(["unshare", "--mount", "sh", "-c", install, "sh", making]);
  if (existsSync(base)) return rmSync(making, { recursive: true }); // another test was as quick
  renameSync(making, base);
}

/** To be put before a script that needs a server: a cluster with the database codexdb, reached as user codex over /tmp/pg. */
export const startPostgres = `
  bin=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
  as_postgres="setpriv --reuid=postgres --regid=postgres --clear-groups"
  install -d -o postgres -m 755 /tmp/pg
  [ -d /tmp/pg/data ] || $as_postgres $bin/initdb -D /tmp/pg/data -U codex -A trust --no-sync >/dev/null
  $as_postgres $bin/pg_ctl -D /tmp/pg/data -l /tmp/pg/log -w -o "-c listen_addresses='' -k /tmp/pg" start >/dev/null
  $bin/psql -X -h /tmp/pg -U codex -d postgres -qtc "select 1 from pg_database where datname = 'codexdb'" | grep -q 1 ||
    { $bin/createdb -h /tmp/pg -U codex codexdb
      $bin/psql -X -h /tmp/pg -U codex -d codexdb -qc "create table t as select generate_series(1, 1000) as n"; }
`;

/** The nightly tasks over that server, with everything below /srv. */
export const nightlyConfig = `version: 1
state: /var/lib/codex-backup
destinations:
  backups: { path: /srv/backups }
  replays: { path: /srv/replays }
jobs:
  database:
    schedule: "0 2 * * *"
    postgres: { socket: /tmp/pg, user: codex, database: codexdb }
    to: [backups]
    name: "codexdb_{date}"
  capsule:
    schedule: "15 2 * * *"
    capsule: { root: /srv/storage }
    to: [replays]
    name: "codex_replay_{timestamp}"
  checksums:
    schedule: "30 2 * * *"
    checksums: { destination: replays }
`;
