import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { openCatalog } from "../../src/catalog/open-catalog.ts";
import { instant } from "../../src/domain/instant.ts";
import { createOperator, makePipe } from "./cli-tool.ts";
import { leaveFor, logged, serveConfig, slotsOf } from "./serve-scene.ts";

suite("how schedules fail, and what is seen of it", { concurrency: 2 }, () => {
  test("F48 the hour is that of the zone in the config, and the zone stands beside every time", async () => {
    const config = serveConfig().replace("schedule:", "timezone: America/New_York\n    schedule:");
    const operator = createOperator(config.replace(/schedule: ".*"/, 'schedule: "0 6 * * *"'));
    const { stdout } = await operator.runHere("schedule");
    assert.match(stdout, /At 06:00 \(America\/New_York\)/);
    assert.match(stdout, /06:00.* America\/New_York/);
    const { document } = await operator.json("schedule");
    assert.match(document.jobs[0].slots[0], /T1[01]:00:00.000Z$/);
  });

  test("F53 a lock dies with its holder: after SIGKILL the next service starts at once, and so does the job", async () => {
    const operator = createOperator(serveConfig());
    const first = operator.start("serve");
    await logged(first, /"serving"/);
    first.child.kill("SIGKILL");
    await first.ended;
    leaveFor(operator, "job", 0);
    const second = operator.start("serve");
    await logged(second, /"serving"/);
    assert.equal((await operator.run("run", "job")).code, 0);
    second.child.kill("SIGTERM");
    assert.equal((await second.ended).code, 0);
  });

  test("F54 a start that finds its job locked saves nothing and says so: exit 5, a skipped run, a skipped slot", async () => {
    const operator = createOperator(serveConfig("echo started > started; read line < go;"));
    await makePipe(operator.path("started"));
    await makePipe(operator.path("go"));
    const byHand = operator.start("run", "job");
    readFileSync(operator.path("started"));
    leaveFor(operator, "job", 1);
    const { code, document } = await operator.json("run", "job", "--scheduled");
    assert.equal(code, 5);
    assert.deepEqual([document.runs[0].outcome, document.runs[0].failure.code], ["skipped", "run.busy"]);
    assert.deepEqual(slotsOf(operator, "job"), ["skipped"]);
    writeFileSync(operator.path("go"), "\n");
    assert.equal((await byHand.ended).code, 0);
  });

  test("F56 a schedule that stopped firing turns status red although the last run was good", async () => {
    const operator = createOperator(serveConfig());
    const catalog = openCatalog(operator.path("state/catalog.db"));
    const longAgo = instant(Date.now() - 201 * 86_400_000);
    catalog.knownSince("job", longAgo);
    assert.equal((await operator.run("run", "job")).code, 0);
    assert.equal((await operator.run("status")).code, 0);
    const [run] = catalog.runs();
    assert.ok(run);
    // As it stands 200 days later.
    const startedAt = instant(run.startedAt - 200 * 86_400_000);
    catalog.updateRun({ ...run, startedAt, finishedAt: startedAt });
    catalog.close();
    const { code, stdout } = await operator.run("status");
    assert.equal(code, 6);
    assert.match(stdout, /was missed/);
  });

  test("F57 a database host that is down leaves a failed run under its slot", async () => {
    const config = serveConfig()
      .replace("destinations: {}", "destinations: { store: { path: ./store } }")
      .replace(
        /command: .*/,
        "postgres: { host: 127.0.0.1, port: 1, user: u, database: d }\n    to: [store]",
      );
    const operator = createOperator(config);
    await operator.run("destination", "init", "--all");
    leaveFor(operator, "job", 1);
    const { code, document } = await operator.json("run", "job", "--scheduled");
    assert.equal(code, 1);
    assert.equal(document.runs[0].outcome, "failed");
    assert.ok(document.runs[0].slot);
    assert.deepEqual(slotsOf(operator, "job"), ["claimed"]);
    const { document: status } = await operator.json("status");
    assert.equal(status.jobs[0].lastRun.outcome, "failed");
  });

  test("two services and cron that race for one slot start one run", async () => {
    const operator = createOperator(serveConfig());
    leaveFor(operator, "job", 1);
    const services = [operator.start("serve"), operator.start("serve")];
    const starts = await Promise.all([1, 2, 3].map(() => operator.run("run", "job", "--scheduled")));
    assert.deepEqual(
      starts.map(({ code }) => code),
      [0, 0, 0],
    );
    const loser = await Promise.race(services.map(({ ended }) => ended));
    assert.equal(loser.code, 5);
    for (const { child } of services) child.kill("SIGTERM");
    const codes = (await Promise.all(services.map(({ ended }) => ended))).map(({ code }) => code);
    assert.deepEqual(codes.toSorted(), [0, 5]);
    assert.equal(readFileSync(operator.path("ran"), "utf8"), "ran\n");
  });
});
