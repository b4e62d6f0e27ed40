import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { tryProgram } from "../servers/run-program.ts";
import { createOperator, launcher, makePipe, type Operator } from "./cli-tool.ts";

/** A job that says on one pipe that it runs, and waits at the other. `trap` is what it does about SIGTERM. */
function waitingConfig(trap = ""): string {
  return `
version: 1
state: ./state
destinations: {}
jobs:
  waiting:
    command: { argv: [/bin/sh, -c, "${trap} echo started > started; read line < go; echo done"], cwd: . }
  other:
    command: { argv: [/bin/true] }
`;
}

async function createWaiting(trap?: string): Promise<Operator> {
  const operator = createOperator(waitingConfig(trap));
  await makePipe(operator.path("started"));
  await makePipe(operator.path("go"));
  return operator;
}

suite("signals, busy jobs and closed pipes, through the launcher", { concurrency: 2 }, () => {
  for (const [signal, code, failure] of [
    ["SIGINT", 130, "run.cancelled"],
    ["SIGTERM", 143, "run.interrupted"],
    ["SIGHUP", 143, "run.interrupted"],
  ] as const) {
    test(`${signal} ends the job's program and closes its row; exit ${code}, and no further job starts`, async () => {
      const operator = await createWaiting();
      const { child, ended } = operator.start("--json", "run", "waiting", "other");
      readFileSync(operator.path("started"));
      child.kill(signal);
      const end = await ended;
      assert.equal(end.code, code);
      const { runs } = JSON.parse(end.stdout);
      assert.equal(runs.length, 1);
      assert.equal(runs[0].outcome, "failed");
      assert.equal(runs[0].failure.code, failure);
      const { document } = await operator.json("status");
      assert.equal(document.jobs[0].lastRun.outcome, "failed");
    });
  }

  test("a second signal ends at once, whatever the work is doing", async () => {
    const operator = await createWaiting("trap '' TERM;");
    const { child, ended } = operator.start("run", "waiting");
    readFileSync(operator.path("started"));
    child.kill("SIGINT");
    child.kill("SIGTERM");
    const { code } = await ended;
    assert.ok(code === 143 || code === 130, `exit ${code}`);
    writeFileSync(operator.path("go"), "\n");
    const { document } = await operator.json("status");
    assert.equal(document.jobs[0].lastRun.failure.code, "run.died", "the next command notices the dead run");
  });

  test("a terminal that goes says so twice, and the work is ended in order all the same", async () => {
    const operator = await createWaiting("trap 'echo asked > started; read line < go; exit 1' TERM;");
    const { child, ended } = operator.start("--json", "run", "waiting");
    readFileSync(operator.path("started"));
    child.kill("SIGHUP");
    readFileSync(operator.path("started"));
    child.kill("SIGHUP");
    writeFileSync(operator.path("go"), "\n");
    assert.equal((await ended).code, 143);
    const { document } = await operator.json("status");
    assert.equal(document.jobs[0].lastRun.failure.code, "run.interrupted", "not run.died");
  });

  test("a busy job ends with 5 and names who is at it; with --wait the second run comes after the first", async () => {
    const operator = await createWaiting();
    const first = operator.start("run", "waiting");
    readFileSync(operator.path("started"));
    const busy = await operator.run("run", "waiting");
    assert.equal(busy.code, 5);
    assert.match(busy.stderr, /^Cannot run "waiting": run \S+ \(process \d+ on \S+\) has been at it/);
    assert.equal(
      (await operator.run("run", "other", "waiting")).code,
      5,
      "of several jobs, busy outranks ok",
    );
    const second = operator.start("run", "waiting", "--wait=5m");
    writeFileSync(operator.path("go"), "\n");
    assert.equal((await first.ended).code, 0);
    readFileSync(operator.path("started"));
    writeFileSync(operator.path("go"), "\n");
    assert.equal((await second.ended).code, 0);
  });

  test("--wait before a job's name means that job", async () => {
    const operator = await createWaiting();
    const { code, stdout } = await operator.run("run", "--wait", "other");
    assert.equal(code, 0);
    assert.match(stdout, /^other {2}ended well/);
  });

  test("logs --follow shows a run as it goes on, and ends with it", async () => {
    const operator = await createWaiting();
    const run = operator.start("run", "waiting");
    readFileSync(operator.path("started"));
    const follow = operator.start("logs", "--follow");
    const stdout = follow.child.stdout;
    assert.ok(stdout);
    await once(stdout, "data");
    writeFileSync(operator.path("go"), "\n");
    assert.equal((await run.ended).code, 0);
    const end = await follow.ended;
    assert.equal(end.code, 0);
    assert.match(end.stdout, /run started.*\n.*done stream=stdout\n.*run finished/);
  });

  test("a reader that has gone is no failure: no stack, and the exit status is the work's", async () => {
    const operator = await createWaiting();
    const child = spawn(
      "/bin/bash",
      [
        "-c",
        `"$0" config schema | head -c 10 >/dev/null; echo "\${PIPESTATUS[0]}"; "$0" --json run other | true; echo "\${PIPESTATUS[0]}"`,
        launcher,
      ],
      {
        cwd: operator.directory,
        env: { ...operator.env },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let stderr = "";
    let stdout = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
    });
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk;
    });
    await once(child, "close");
    assert.equal(stderr, "");
    assert.equal(stdout, "0\n0\n");
  });

  test("output that a full disk swallowed is not success", async () => {
    const operator = await createWaiting();
    const lost = await tryProgram(["/bin/sh", "-c", '"$0" list > /dev/full', launcher], {
      cwd: operator.directory,
      env: operator.env,
    });
    assert.equal(lost.code, 1);
    assert.match(lost.stderr, /^Cannot write the output: /);
  });
});
