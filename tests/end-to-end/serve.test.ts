import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { createOperator, makePipe } from "./cli-tool.ts";
import { hourly, leaveFor, logged, serveConfig, slotsOf } from "./serve-scene.ts";

const stopped = { code: 0, signal: null };

function endOf({ code, signal }: { readonly code: number | null; readonly signal: string | null }) {
  return { code, signal };
}

suite("serve, cron and timers, as real processes", { concurrency: 2 }, () => {
  test("F49 a service that was dead for two slots and more makes one run, and rows of those it missed", async () => {
    const operator = createOperator(serveConfig());
    leaveFor(operator, "job", 3);
    const first = operator.start("serve");
    await logged(first, /"job: ended well/);
    first.child.kill("SIGKILL");
    await first.ended;
    const second = operator.start("serve");
    await logged(second, /"serving"/);
    second.child.kill("SIGTERM");
    assert.deepEqual(endOf(await second.ended), stopped);
    assert.equal(readFileSync(operator.path("ran"), "utf8"), "ran\n");
    assert.deepEqual(slotsOf(operator, "job"), ["claimed", "missed", "missed"]);
    const { document } = await operator.json("status");
    assert.equal(document.jobs[0].missedSlots.length, 2);
    const { stdout } = await operator.run("logs", "--job", "job");
    assert.match(stdout, /was missed, and 1 before it/);
  });

  test("F51 eight starts of the same slot at once, as by cron and timers, make one run and one backup", async () => {
    const operator = createOperator(serveConfig());
    leaveFor(operator, "job", 2);
    const all = await Promise.all(
      Array.from({ length: 8 }, () => operator.json("run", "job", "--scheduled")),
    );
    assert.deepEqual(
      all.map(({ code }) => code),
      Array(8).fill(0),
    );
    assert.equal(all.flatMap(({ document }) => document.runs).length, 1);
    const states = all.flatMap(({ document }) => document.slots).map(({ state }) => state);
    assert.deepEqual(states, Array(7).fill("taken"));
    assert.equal(readFileSync(operator.path("ran"), "utf8"), "ran\n");
  });

  test("a second service on the same state ends with 5 and names the first; SIGTERM lets a run end well, exit 0", async () => {
    const operator = createOperator(serveConfig("echo started > started; read line < go;"));
    await makePipe(operator.path("started"));
    await makePipe(operator.path("go"));
    leaveFor(operator, "job", 1);
    const service = operator.start("serve");
    assert.equal(readFileSync(operator.path("started"), "utf8"), "started\n");
    writeFileSync(operator.path("codex-backup.yaml"), serveConfig("echo edited;"));
    const second = await operator.run("serve");
    assert.equal(second.code, 5);
    const kept = readFileSync(operator.path("state/serve-config.yaml"), "utf8");
    assert.doesNotMatch(kept, /edited/, "what the first one goes by is left alone");
    assert.match(second.stderr, new RegExp(`^Cannot serve: process ${service.child.pid} on `));
    const draining = logged(service, /waiting for what runs/);
    service.child.kill("SIGTERM");
    await draining;
    writeFileSync(operator.path("go"), "\n");
    assert.deepEqual(endOf(await service.ended), stopped);
    const { document } = await operator.json("status");
    assert.equal(document.jobs[0].lastRun.outcome, "complete");
  });

  test("a service whose state directory is gone ends with 1 and says so, so that it is started again on a new one", async () => {
    const operator = createOperator(serveConfig());
    const service = operator.start("serve");
    await logged(service, /"serving"/);
    rmSync(operator.path("state"), { recursive: true });
    service.child.kill("SIGHUP");
    const { code, stderr } = await service.ended;
    assert.equal(code, 1);
    assert.match(stderr, /^Cannot go on serving: ".*state" is not the directory any more/m);
    const again = operator.start("serve");
    await logged(again, /"serving"/);
    again.child.kill("SIGTERM");
    assert.deepEqual(endOf(await again.ended), stopped);
  });

  test("a service whose catalog is gone goes on with the one that its runs use", async (t) => {
    const operator = createOperator(`${serveConfig()}http: { listen: "127.0.0.1:0" }\n`);
    const service = operator.start("serve");
    t.after(() => service.child.kill("SIGKILL"));
    await logged(service, /answering requests/);
    for (const part of ["", "-wal", "-shm"])
      rmSync(operator.path(`state/catalog.db${part}`), { force: true });
    const text = await logged(service, /the catalog was removed or replaced.*answering requests/s);
    await operator.run("run", "job");
    const address = /"address":"([^"]+)"/.exec(text)?.[1] ?? "";
    const answer = await fetch(`http://${address}/api/v1/runs?limit=1`);
    const { lastRun } = (await operator.json("status")).document.jobs[0];
    assert.match(await answer.text(), new RegExp(lastRun.runId));
  });

  test("a drain that takes too long asks the run to end; its row says so, and the service still ends with 0", async () => {
    const operator = createOperator(
      serveConfig("echo started > started; read line < go;").replace("30s", "1s"),
    );
    await makePipe(operator.path("started"));
    await makePipe(operator.path("go"));
    leaveFor(operator, "job", 1);
    const service = operator.start("serve");
    readFileSync(operator.path("started"));
    service.child.kill("SIGTERM");
    assert.deepEqual(endOf(await service.ended), stopped);
    const { document } = await operator.json("status");
    assert.equal(document.jobs[0].lastRun.failure.code, "run.interrupted");
  });

  test("SIGHUP takes a good config over; a bad one is told loudly and changes nothing, not even the runs", async () => {
    const operator = createOperator(serveConfig());
    const service = operator.start("serve");
    await logged(service, /"serving"/);
    const added = `${serveConfig()}  late: { schedule: "${hourly}", command: { argv: [/bin/sh, -c, "echo late >> late"], cwd: . } }\n`;
    leaveFor(operator, "late", 1);
    writeFileSync(operator.path("codex-backup.yaml"), added);
    const runs = logged(service, /"late: ended well/);
    service.child.kill("SIGHUP");
    await runs;
    const refused = logged(service, /the config stays as it was: .*jobz/);
    writeFileSync(operator.path("codex-backup.yaml"), added.replace("jobs:", "jobz:"));
    service.child.kill("SIGHUP");
    await refused;
    service.child.kill("SIGTERM");
    assert.deepEqual(endOf(await service.ended), stopped);
    assert.equal(readFileSync(operator.path("late"), "utf8"), "late\n");
  });

  test("a run goes by the config that the service has checked, not by what is being edited", async () => {
    const operator = createOperator(serveConfig());
    leaveFor(operator, "job", 1);
    const service = operator.start("serve");
    await logged(service, /"job: ended well/);
    const text = readFileSync(operator.path("state/serve-config.yaml"), "utf8");
    assert.equal(text, serveConfig());
    writeFileSync(operator.path("codex-backup.yaml"), "jobs: [");
    const child = operator.start("run", "job", "--events");
    assert.equal((await child.ended).code, 2, "without the service's word the file itself counts");
    service.child.kill("SIGTERM");
    await service.ended;
  });

  test("F55 a run that is killed is told as failed, its row is closed, and the service goes on", async () => {
    const operator = createOperator(serveConfig("echo $PPID > started; read line < go;"));
    await makePipe(operator.path("started"));
    await makePipe(operator.path("go"));
    leaveFor(operator, "job", 1);
    const service = operator.start("serve");
    const pid = Number(readFileSync(operator.path("started"), "utf8"));
    const told = logged(service, /Cannot finish \\"job\\": its process ended with signal SIGKILL/);
    process.kill(pid, "SIGKILL");
    await told;
    const { document } = await operator.json("status");
    assert.equal(document.jobs[0].lastRun.failure.code, "run.died");
    service.child.kill("SIGTERM");
    assert.deepEqual(endOf(await service.ended), stopped);
    writeFileSync(operator.path("go"), "\n");
  });

  test("F44 six fields are refused, so that nothing runs every second", async () => {
    const operator = createOperator(serveConfig().replace(`"${hourly}"`, '"0 0 2 * * *"'));
    const { code, stderr } = await operator.run("serve");
    assert.equal(code, 2);
    assert.match(stderr, /six fields/);
    assert.ok(!existsSync(operator.path("state")));
  });
});
