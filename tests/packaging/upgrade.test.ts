import assert from "node:assert/strict";
import { readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { before, describe, test } from "node:test";
import { createOperator, type Json, localConfig } from "../end-to-end/cli-tool.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type ProgramRun, runProgram, tryProgram } from "../servers/run-program.ts";

/** The last commit of the previous release: its own code makes the state that this version has to open. */
const previous = "af10e83";

describe("an upgrade from the previous release", { timeout: 200_000 }, () => {
  const operator = createOperator(localConfig);
  const old = temporaryDirectory("previous");
  const runOld = (...argv: readonly string[]): Promise<ProgramRun> =>
    tryProgram([join(old, "bin/codex-backup"), ...argv], { cwd: operator.directory, env: operator.env });
  const storeFiles = () => readdirSync(operator.path("store")).sort();
  let [held, listedBefore]: [string, Json] = ["", null];

  before(async () => {
    await runProgram(["sh", "-c", 'git archive "$1" | tar -x -C "$2"', "sh", previous, old]);
    symlinkSync(resolve("node_modules"), join(old, "node_modules"));
    for (const words of [
      ["destination", "init", "--all"],
      ["run", "capsule"],
      ["run", "capsule"],
      ["run", "checksums"],
    ]) {
      const { code, stderr } = await runOld(...words);
      assert.equal(code, 0, stderr);
    }
    assert.equal((await runOld("run", "broken")).code, 1);
    const first = JSON.parse((await runOld("--json", "list")).stdout).backups.at(-1);
    held = first.id;
    assert.equal((await runOld("hold", held, "--why", "kept for the auditors")).code, 0);
    listedBefore = JSON.parse((await runOld("--json", "list")).stdout);
    assert.equal(listedBefore.backups.length, 2);
  });

  test("the older catalog is opened as it is: the same backups, levels and holds, and every copy verifies", async () => {
    const { document } = await operator.json("list");
    const facts = (one: Json) => [
      one.id,
      one.level,
      one.held,
      one.createdAt,
      one.sizeBytes,
      one.copies.length,
    ];
    assert.deepEqual(document.backups.map(facts), listedBefore.backups.map(facts));
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
    assert.equal((await operator.run("run", "capsule")).code, 0);
    await operator.run("prune", "--yes");
    const { document } = await operator.json("list");
    const ids: readonly string[] = document.backups.map((one: Json) => one.id);
    assert.ok(ids.includes(held), `${ids}`);
    const surplus = listedBefore.backups.find((one: Json) => one.id !== held).id;
    assert.ok(!ids.includes(surplus), `${ids}`);
    assert.equal(ids.length, 2);
    await runProgram(["sha256sum", "-c", "checksums.txt"], { cwd: operator.path("store") });
  });

  test("the older program refuses the newer catalog by name, and harms nothing", async () => {
    const catalog = operator.path("state/catalog.db");
    const version = () => {
      const database = new DatabaseSync(catalog, { readOnly: true });
      const row = database.prepare("PRAGMA user_version").get();
      database.close();
      return row?.user_version;
    };
    const before = { files: storeFiles(), version: version(), bytes: readFileSync(catalog) };
    for (const words of [["list"], ["run", "capsule"], ["prune", "--yes"], ["status"]]) {
      const { code, stdout } = await runOld("--json", ...words);
      assert.equal(JSON.parse(stdout).error.code, "catalog.newer", `${words}`);
      assert.notEqual(code, 0);
    }
    assert.deepEqual({ files: storeFiles(), version: version(), bytes: readFileSync(catalog) }, before);
    assert.ok(!readdirSync(operator.path("state")).some((name) => name.includes("damaged")));
    assert.equal((await operator.run("verify")).code, 0);
  });
});
