import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createSystemHost } from "./host.ts";

const host = createSystemHost();

test("this process is alive, as is process 1, whoever owns it", () => {
  assert.equal(host.pid, process.pid);
  assert.equal(host.isAlive(process.pid), true);
  assert.equal(host.isAlive(1), true);
});

test("a child that was killed is no longer alive", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  assert.equal(host.isAlive(pid), true);
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.equal(host.isAlive(pid), false);
});

test("a process that died and was not reaped is not alive", async () => {
  // the shell starts a child, tells its pid and becomes a program that never reaps
  const script = "true & echo $!; exec tail -f /dev/null";
  const parent = spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
  const [text] = await once(parent.stdout, "data");
  const pid = Number(String(text));
  while (!isZombieOrGone(pid)) await new Promise(setImmediate);
  assert.equal(host.isAlive(pid), false);
  parent.kill("SIGKILL");
  await once(parent, "close");
});

function isZombieOrGone(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return true;
  }
}

test("numbers that are no pid are never alive: 0 and -1 would ask about groups of processes", () => {
  for (const pid of [0, -1, -process.pid, 1.5, Number.NaN, 2 ** 31]) assert.equal(host.isAlive(pid), false);
});

test("the boot id is the kernel's", () => {
  assert.equal(host.bootId, readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  assert.notEqual(host.name, "");
});
