import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { before, describe, test } from "node:test";
import { createOperator, type Json, localConfig } from "../end-to-end/cli-tool.ts";
import { runProgram } from "../servers/run-program.ts";

/** What the previous release left, made by its own program; see the page beside it. */
const leftByPrevious = join(import.meta.dirname, "../fixtures/upgrade/state-0.1.0.tar.gz");
const held = "replay_20261123T111431Z";
const newest = "replay_20261123T111433Z";

describe("an upgrade from the previous release", { timeout: 200_000 }, () => {
  const operator = createOperator(localConfig);
  const schemaVersion = () => {
    const database = new DatabaseSync(operator.path("state/catalog.db"), { readOnly: true });
    const row = database.prepare("PRAGMA user_version").get();
    database.close();
    return Number(row?.user_version);
  };

  before(() => runProgram(["tar", "-xzf", leftByPrevious, "-C", operator.directory]));

  test("the older catalog is opened as it is: the same backups, levels and holds, and every copy verifies", async () => {
    assert.equal(schemaVersion(), 1);
    const { document } = await operator.json("list");
    const facts = (one: Json) => [one.id, one.level, one.held, one.copies.length];
    assert.deepEqual(document.backups.map(facts), [
      [newest, "read", false, 1],
      [held, "read", true, 1],
    ]);
    assert.ok(schemaVersion() > 1);
    const verified = await operator.json("verify");
    assert.equal(verified.code, 0);
    assert.deepEqual(
      verified.document.checks.map((check: Json) => check.outcome),
      ["ok", "ok"],
    );
    assert.equal((await operator.run("catalog", "check")).code, 0);
  });

  test("a failed run of before is still told, and its log is still read", async () => {
    const { document } = await operator.json("status");
    const broken = document.jobs.find((job: Json) => job.job === "broken");
    assert.equal(broken.lastRun.outcome, "failed");
    const { stdout, code } = await operator.run("logs", "--job", "broken");
    assert.equal(code, 0);
    assert.match(stdout, /the disk is on fire/);
  });

  test("runs and retention go on where they were: the held one stays, the surplus one goes", async () => {
    // three: as many good runs as retention asks for after the years between then and now
    for (const _ of [1, 2, 3]) assert.equal((await operator.run("run", "capsule")).code, 0);
    await operator.run("prune", "--yes");
    const { document } = await operator.json("list");
    const ids: readonly string[] = document.backups.map((one: Json) => one.id);
    assert.equal(ids.length, 2, `${ids}`);
    assert.equal(ids[1], held);
    assert.ok(!ids.includes(newest), `${ids}`);
    await runProgram(["sha256sum", "-c", "checksums.txt"], { cwd: operator.path("store") });
    const restored = await operator.run("restore", held, "--to", "restored");
    assert.equal(restored.code, 0, restored.stderr);
  });
});
