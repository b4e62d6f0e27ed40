import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Child, startChild } from "./child.ts";

const env = { PATH: "/usr/bin:/bin" };

/** Starts a shell whose first line of output is the id of a process that it leaves behind. */
async function startLeaving(
  script: string,
  pipeGraceMs?: number,
): Promise<{ readonly child: Child; readonly leftPid: number }> {
  const grace = pipeGraceMs === undefined ? {} : { pipeGraceMs };
  const child = await startChild({ program: "sh", args: ["-c", script], env, stdout: "pipe", ...grace });
  const { stdout } = child;
  assert.ok(stdout);
  const leftPid = await new Promise<number>((resolve) => {
    stdout.once("data", (bytes: Buffer) => resolve(Number(String(bytes))));
  });
  stdout.resume();
  return { child, leftPid };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // ESRCH: it is gone
  }
}

async function untilGone(pid: number): Promise<void> {
  for (const endMs = performance.now() + 10_000; isAlive(pid); await pause(5)) {
    assert.ok(performance.now() < endMs, `process ${pid} lives`);
  }
}

test("killing reaches a descendant that holds the pipe after the child itself has ended", async () => {
  const { child, leftPid } = await startLeaving("sleep 60 & echo $!; exit 0");
  await untilGone(child.pid);
  child.kill();
  assert.deepEqual(await child.ended, { kind: "exited", code: 0, stderr: "" });
  await untilGone(leftPid);
});

test("a descendant that ignores SIGTERM is killed when the grace is over", async () => {
  const { child, leftPid } = await startLeaving(
    `sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' & exit 0`,
  );
  await untilGone(child.pid);
  child.kill(50);
  await child.ended;
  await untilGone(leftPid);
});

test("a descendant that left the group cannot keep a killed child from ending", async (t) => {
  const { child, leftPid } = await startLeaving("setsid sleep 60 & echo $!; wait");
  t.after(() => process.kill(leftPid));
  child.kill(50);
  assert.deepEqual(await child.ended, { kind: "signalled", signal: "SIGTERM", stderr: "" });
  assert.ok(isAlive(leftPid));
});

test("with a grace for its pipes, a child ends by itself and what it left behind lives on", async (t) => {
  const { child, leftPid } = await startLeaving("sleep 60 & echo $!; echo bad >&2; exit 3", 50);
  t.after(() => process.kill(leftPid));
  assert.deepEqual(await child.ended, { kind: "exited", code: 3, stderr: "bad\n" });
  assert.ok(child.isOutlived());
  assert.ok(isAlive(leftPid));
});

test("a child that leaves nothing behind is not outlived, and killing it later touches nobody", async () => {
  const child = await startChild({ program: "true", args: [], env, stdout: "pipe", pipeGraceMs: 50 });
  child.stdout?.resume();
  assert.deepEqual(await child.ended, { kind: "exited", code: 0, stderr: "" });
  assert.equal(child.isOutlived(), false);
  child.kill();
});
