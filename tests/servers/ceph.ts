import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { temporaryDirectory } from "./cleanup.ts";
import { freePort } from "./postgres.ts";
import { runProgram } from "./run-program.ts";

/** A user of the store, with keys of its own. */
export interface CephUser {
  readonly name: string;
  readonly keyId: string;
  readonly secret: string;
}

/** A real Ceph of one monitor, one OSD in memory and one gateway that speaks S3, path style, on loopback. */
export interface RunningCeph {
  readonly endpoint: string;
  /** May do everything in its own buckets. */
  readonly owner: CephUser;
  addUser(name: string): Promise<CephUser>;
  /** Runs radosgw-admin. */
  admin(...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

const path = "/usr/sbin:/usr/bin:/sbin:/bin";

/** Starts it, in about ten seconds; it cannot outlive this process. */
export async function startCeph(): Promise<RunningCeph> {
  const home = temporaryDirectory("ceph");
  for (const part of ["mon", "osd", "rgw", "run"]) mkdirSync(join(home, part));
  const ports = await Promise.all(Array.from({ length: 3 }, freePort));
  const config = join(home, "ceph.conf");
  const fsid = randomUUID();
  writeFileSync(config, configOf(home, fsid, ports));
  const started: ChildProcess[] = [];
  const start = (...argv: readonly string[]) => started.push(startDaemon(home, argv, config));
  const ceph = (...args: readonly string[]) => program(home, "timeout", "30", "ceph", "-c", config, ...args);
  const admin = (...args: readonly string[]) =>
    program(home, "radosgw-admin", "-c", config, "-n", "client.rgw", ...args);

  await makeMonitor(home, config, { fsid, ports });
  start("ceph-mon", "-i", "a");
  const uuid = randomUUID();
  await ceph("osd", "new", uuid);
  const osd = [
    "ceph-osd",
    "-c",
    config,
    "-i",
    "0",
    "--no-mon-config",
    "--mkfs",
    "--mkkey",
    "--osd-uuid",
    uuid,
  ];
  await program(home, ...osd);
  const caps = ["osd", "allow *", "mon", "allow profile osd"];
  await ceph("auth", "add", "osd.0", ...caps, "-i", join(home, "osd/keyring"));
  start("ceph-osd", "-i", "0");
  for (let tries = 0; !(await ceph("osd", "stat")).includes("1 up"); tries += 1) {
    if (tries > 200) throw new Error("the OSD did not come up");
    await delay(50);
  }
  start("radosgw", "-n", "client.rgw");
  const endpoint = `http://127.0.0.1:${ports[2]}`;
  await untilAnswers(endpoint, home);
  const addUser = async (name: string) => {
    const user = { name, keyId: `AKIA${name.toUpperCase()}`, secret: `secret-of-${name}/+=` };
    const keys = ["--access-key", user.keyId, "--secret", user.secret];
    await admin("user", "create", "--uid", name, "--display-name", name, ...keys);
    return user;
  };
  return {
    endpoint,
    owner: await addUser("codex"),
    addUser,
    admin,
    stop: async () => {
      await Promise.all(started.map(end));
    },
  };
}

function program(home: string, ...argv: readonly string[]): Promise<string> {
  return runProgram(argv, { env: { PATH: path, HOME: home }, cwd: home });
}

async function makeMonitor(
  home: string,
  config: string,
  { fsid, ports }: { readonly fsid: string; readonly ports: readonly number[] },
): Promise<void> {
  const keyring = join(home, "keyring");
  const map = join(home, "monmap");
  const all = ["--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *"];
  const key = (name: string, caps: readonly string[]) =>
    program(home, "ceph-authtool", keyring, "--gen-key", "-n", name, ...caps);
  await program(home, "ceph-authtool", "--create-keyring", keyring);
  await key("mon.", ["--cap", "mon", "allow *"]);
  await key("client.admin", all);
  await key("client.rgw", all);
  const addresses = `[v2:127.0.0.1:${ports[0]},v1:127.0.0.1:${ports[1]}]`;
  await program(home, "monmaptool", "--create", "--clobber", "--addv", "a", addresses, "--fsid", fsid, map);
  await program(home, "ceph-mon", "-c", config, "--mkfs", "-i", "a", "--monmap", map, "--keyring", keyring);
}

/** The kernel ends it when this process is gone. */
function startDaemon(home: string, [name = "", ...args]: readonly string[], config: string): ChildProcess {
  const log = openSync(join(home, `run/${name}.out`), "w");
  const child = spawn("setpriv", ["--pdeathsig=KILL", name, "-c", config, ...args, "-f"], {
    cwd: home,
    env: { PATH: path, HOME: home },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  child.unref();
  return child;
}

async function untilAnswers(endpoint: string, home: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const answer = await fetch(endpoint).catch(() => null);
    if (answer?.ok) return;
    await delay(50);
  }
  const log = join(home, "run/client.rgw.log");
  throw new Error(
    `the gateway did not start: ${existsSync(log) ? readFileSync(log, "utf8").slice(-2000) : ""}`,
  );
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.ref();
  child.kill("SIGKILL"); // it keeps nothing, and may ignore a gentler word for seconds
  await gone;
}

function configOf(home: string, fsid: string, [v2, v1, gateway]: readonly number[]): string {
  return `[global]
fsid = ${fsid}
mon_host = [v2:127.0.0.1:${v2}/0,v1:127.0.0.1:${v1}/0]
mon_initial_members = a
keyring = ${home}/keyring
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
mon_allow_pool_size_one = true
osd_crush_chooseleaf_type = 0
mon_data_avail_crit = 0
mon_data_avail_warn = 0
run_dir = ${home}/run
admin_socket = ${home}/run/$name.asok
log_file = ${home}/run/$name.log
pid_file = ${home}/run/$name.pid
[mon]
mon_data = ${home}/mon
mon_max_pg_per_osd = 1000
[osd]
osd_data = ${home}/osd
keyring = ${home}/osd/keyring
osd_objectstore = memstore
memstore_device_bytes = 4294967296
[client.rgw]
keyring = ${home}/keyring
rgw_frontends = beast endpoint=127.0.0.1:${gateway}
rgw_data = ${home}/rgw
rgw_thread_pool_size = 32
`;
}
