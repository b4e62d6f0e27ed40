import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { commandJob } from "../fakes/real-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { assertFailed, openScene, runOne, type Scene } from "./run-scene.ts";

/** A shell script as a job; it finds an empty directory in $PWD. */
async function sceneOf(script: string, timeoutMs: number | null): Promise<Scene & { readonly cwd: string }> {
  const home = temporaryDirectory("command");
  const cwd = join(home, "cwd");
  mkdirSync(cwd);
  const job = commandJob(["sh", "-c", script], { cwd, timeoutMs });
  return { ...(await openScene({ home, jobs: [job], destinations: [] })), cwd };
}

function killLater(t: TestContext, { cwd }: { readonly cwd: string }): number {
  const pid = Number(readFileSync(join(cwd, "pid"), "utf8"));
  t.after(() => process.kill(pid));
  return pid;
}

test("a timeout holds although a process in the background keeps the command's output open", async () => {
  const scene = await sceneOf("sleep 300 & exit 0", 200);
  assertFailed(scene, await runOne(scene), "run.timeout");
});

test("a timeout holds although the process in the background has left the group", async (t) => {
  const scene = await sceneOf("setsid sleep 300 & echo $! > pid; wait", 400);
  const startedMs = performance.now();
  assertFailed(scene, await runOne(scene), "run.timeout");
  killLater(t, scene);
  assert.ok(performance.now() - startedMs < 60_000);
});

test("a command that starts a daemon ends with its own status, and says what it left running", async (t) => {
  const scene = await sceneOf("sleep 300 & echo $! > pid; echo started", null);
  const report = await runOne(scene);
  const pid = killLater(t, scene);
  assert.deepEqual([report.outcome, report.exit, report.failure], ["complete", 0, null]);
  assert.match(report.warnings.join("\n"), /left running/);
  assert.ok(process.kill(pid, 0), "the daemon lives");
});

test("a command that leaves nothing behind has no warning, and its failure carries its last words", async () => {
  const good = await runOne(await sceneOf("echo fine; echo 'also fine' >&2", 60_000));
  assert.deepEqual([good.outcome, good.warnings], ["complete", []]);
  const scene = await sceneOf("echo bad >&2; exit 7", 60_000);
  const report = await runOne(scene);
  assertFailed(scene, report, "command.failed");
  assert.match(report.failure?.message ?? "", /exit status 7: bad$/);
});
