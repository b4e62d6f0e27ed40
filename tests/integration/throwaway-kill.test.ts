import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ThrowawayChoice } from "../../src/domain/jobs/prove-settings.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { postgresRoom, quiet, sourceOf } from "./postgres-at.ts";
import type { ThrowawaySettings } from "./throwaway-child.ts";
import { type Backup, takeBackup, wishFor } from "./throwaway-scene.ts";

const script = fileURLToPath(new URL("./throwaway-child.ts", import.meta.url));
const home = temporaryDirectory("throwaway-kill");
const workPath = join(home, "proofs");
const room = postgresRoom();
const fromPrograms: ThrowawayChoice = { kind: "programs", directory: null };
let server: PostgresTestServer;
let backup: Backup;

const pathOf = (name: string) => join(home, name);
const sweep = (choice: ThrowawayChoice) =>
  room.sweepThrowaways({ choice, source: null, workPath, signal: quiet() });

before(async () => {
  server = await startPostgres();
  await server.createDatabase("ledger");
  await server.psql(
    "CREATE TABLE entry AS SELECT n, md5(n::text) FROM generate_series(1, 50000) n",
    "ledger",
  );
  backup = await takeBackup(room, { source: sourceOf(server), database: "ledger" });
  for (const part of ["dump", "header", "globals"] as const) writeFileSync(pathOf(part), backup[part]);
  writeFileSync(pathOf("facts"), JSON.stringify(backup.facts));
  mkdirSync(workPath);
});

after(() => server.stop());

async function killProof(choice: ThrowawayChoice, dieAt: ThrowawaySettings["dieAt"]): Promise<void> {
  const [dump, header, globals, facts] = ["dump", "header", "globals", "facts"].map(pathOf);
  const env = { PATH: process.env.PATH, HOME: "/nonexistent" };
  const settings = JSON.stringify({ workPath, choice, env, dump, header, globals, facts, dieAt });
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, settings], {
    stdio: "inherit",
  });
  const [, signal] = await once(child, "close");
  assert.equal(signal, "SIGKILL");
}

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    if (await isSo()) return;
    await delay(10);
  }
  assert.fail(what);
}

test("a proof that is killed takes its server with it, and the next one removes what it left", async () => {
  await killProof(fromPrograms, "restore");
  const [left = "", ...more] = readdirSync(workPath);
  assert.deepEqual(more, []);
  const pidFile = join(workPath, left, "data/postmaster.pid");
  const pid = existsSync(pidFile) ? readFileSync(pidFile, "utf8").split("\n")[0] : "gone";
  await until(() => !existsSync(`/proc/${pid}`), `the server ${pid} outlives its proof`);
  assert.deepEqual(await sweep(fromPrograms), [
    `Removed "${join(workPath, left)}": its proof did not end well`,
  ]);
  assert.deepEqual(readdirSync(workPath), []);
  assert.deepEqual(await sweep(fromPrograms), []);
});

test("a server that outlived its proof is ended; a process that only has its number is not", async (t) => {
  const start = (cwd: string) => {
    const child = spawn("sleep", ["600"], { cwd, stdio: "ignore" });
    t.after(() => child.kill("SIGKILL"));
    return child;
  };
  const leave = (name: string, pid: number | undefined) => {
    mkdirSync(join(workPath, name, "data"), { recursive: true });
    writeFileSync(join(workPath, name, "data/postmaster.pid"), `${pid}\n/proc/self/fd/3\n`);
  };
  const innocent = start(home);
  leave("throwaway-a", innocent.pid);
  mkdirSync(join(workPath, "throwaway-b/data"), { recursive: true });
  const server = start(join(workPath, "throwaway-b/data"));
  leave("throwaway-b", server.pid);
  mkdirSync(join(workPath, "not-ours"));
  const ended = once(server, "exit");
  assert.equal((await sweep(fromPrograms)).length, 2);
  assert.deepEqual((await ended)[1], "SIGQUIT");
  assert.equal(innocent.exitCode ?? innocent.signalCode, null);
  assert.deepEqual(readdirSync(workPath), ["not-ours"]);
});

test("a proof killed on a scratch server leaves nothing there after the next sweep", async () => {
  const choice: ThrowawayChoice = { kind: "scratch", source: sourceOf(server) };
  const databases = () =>
    server.psql("SELECT string_agg(datname, ',') FROM pg_database WHERE datname LIKE 'codex%'");
  await killProof(choice, "restored");
  const left = await databases();
  assert.match(left, /^codex_proof_[a-z0-9]{20}$/);
  const guards = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
  await until(async () => (await server.psql(guards)) === "0", "the guard outlives its proof");
  assert.deepEqual(await sweep(choice), [
    `Removed "${left}" from the scratch server: its proof did not end well`,
  ]);
  assert.equal(await databases(), "");
});

test("an engine that nobody can reach is told as that, and is no matter of later proofs", async () => {
  const bin = join(home, "bin");
  mkdirSync(bin);
  const said = "Cannot connect to the Docker daemon at unix:///nowhere.";
  writeFileSync(join(bin, "docker"), `#!/bin/sh\necho '${said}' >&2\nexit 1\n`, { mode: 0o755 });
  const choice = { kind: "container", engine: "docker", image: "postgres:15" } as const;
  const there = postgresRoom({ env: { PATH: `${bin}:/usr/bin:/bin` } });
  const before = readdirSync(workPath);
  await assert.rejects(there.openThrowaway(wishFor(backup, { workPath, choice })), {
    code: "postgres.throwaway",
    message: `Cannot start a server for the proof: docker does not answer: ${said}`,
  });
  assert.deepEqual(readdirSync(workPath), before);
});
