import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startPostgres } from "./postgres.ts";
import { runProgram, tryProgram } from "./run-program.ts";

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // ESRCH: gone
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

test("a test server answers, listens on its socket only and leaves nothing behind", async () => {
  const server = await startPostgres();
  await server.createDatabase("odd name");
  assert.equal(await server.psql("select current_user, current_database()", "odd name"), "codex|odd name");
  assert.equal(await accepts(server.port), false);
  await assert.rejects(server.psql("select 1; select 1/0; select 2"), /division by zero/);
  await server.stop();
  await server.stop();
  assert.equal(isAlive(server.pid), false);
  assert.equal(existsSync(server.socketDirectory), false);
});

test("a scram server refuses a login without its password, over TCP too", async () => {
  const server = await startPostgres({ auth: "scram", tcp: true, settings: { work_mem: "2MB" } });
  const env = { ...server.env, PGHOST: "127.0.0.1" };
  const query = ["psql", "-X", "-A", "-t", "-w", "-d", "postgres", "-c", "show work_mem"];
  assert.equal((await runProgram(query, { env })).trim(), "2MB");
  await assert.rejects(runProgram(query, { env: { ...env, PGPASSWORD: "" } }), /no password supplied/);
  await server.stop();
});

test("a test server dies with its process, also when that is killed", async () => {
  const module = JSON.stringify(new URL("./postgres.ts", import.meta.url).href);
  const script = `
    const { startPostgres } = await import(${module});
    const { writeSync } = await import("node:fs");
    const server = await startPostgres({ ownIdentity: true });
    writeSync(1, JSON.stringify([server.pid, server.socketDirectory]));
    process.kill(process.pid, "SIGKILL");`;
  const run = await tryProgram([process.execPath, "--input-type=module", "-e", script]);
  assert.equal(run.signal, "SIGKILL", run.stderr);
  const [pid, directory] = JSON.parse(run.stdout) as [number, string]; // written by the script above
  for (let attempt = 0; attempt < 500 && isAlive(pid); attempt++) await delay(10);
  assert.equal(isAlive(pid), false);
  for (let attempt = 0; attempt < 500 && existsSync(directory); attempt++) await delay(10);
  assert.equal(existsSync(directory), false);
});
