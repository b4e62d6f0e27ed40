/** A capsule loses most of its files: what the operator sees of it, and the word that ends it. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { createOperator, type Json } from "./cli-tool.ts";

const config = `
version: 1
state: ./state
destinations:
  store: { path: ./store }
jobs:
  capsule:
    capsule: { root: ./tree }
    to: [store]
    name: "replay_{timestamp}"
alerts:
  exec: { argv: [/bin/sh, -c, "cat >> alerts"] }
`;

test("a suspect backup is seen everywhere, and accepted with a reason", async () => {
  const operator = createOperator(config);
  const document = async (...argv: readonly string[]): Promise<Json> => {
    const { stdout } = await operator.runHere("--json", ...argv);
    return JSON.parse(stdout);
  };
  const fill = (files: number) => {
    rmSync(operator.path("tree/ledger"), { recursive: true, force: true });
    mkdirSync(operator.path("tree/ledger"), { recursive: true });
    for (let index = 0; index < files; index += 1) writeFileSync(operator.path(`tree/ledger/${index}`), "x");
  };
  await operator.runHere("destination", "init", "store");
  fill(60);
  for (let night = 0; night < 3; night += 1) assert.equal((await operator.runHere("run", "capsule")).code, 0);
  fill(10);
  const run = await operator.runHere("run", "capsule");
  assert.equal(run.code, 0);
  assert.match(run.stdout, /; suspect/);
  const { backups } = await document("list");
  assert.deepEqual(
    backups.map((backup: Json) => backup.suspect),
    [true, false, false, false],
  );
  const { id } = backups[0];
  assert.match((await operator.runHere("list")).stdout, new RegExp(`${id}.*suspect`));
  assert.match(
    (await operator.runHere("show", id)).stdout,
    /suspect\n {2}ledger has 10 files, usual are 60\n/,
  );
  const status = await operator.runHere("status");
  assert.match(
    status.stdout,
    new RegExp(`capsule: ${id} is suspect, and nothing is pruned: ledger has 10 files`),
  );
  assert.equal(status.code, 0, "its backups are as fresh as they should be");
  const check = await operator.runHere("check");
  assert.deepEqual([check.code, /WARNING - capsule: .*suspect/.test(check.stdout)], [1, true]);
  const told = await document("watch", "--once");
  assert.ok(JSON.stringify(await document("alerts", "list")).includes("#suspect"), JSON.stringify(told));

  assert.equal((await operator.runHere("accept", id)).code, 2, "a reason is demanded");
  const { accept } = await document("accept", id, "--why", "cleaned up");
  assert.deepEqual(accept, {
    backup: id,
    job: "capsule",
    destinations: ["store"],
    failed: [],
    stillSuspect: null,
  });
  const shown = await document("show", id);
  assert.deepEqual([shown.backup.suspect, shown.backup.marks[0].why], [false, "cleaned up"]);
  assert.equal((await operator.runHere("check")).code, 0);
  assert.equal(
    (await operator.runHere("accept", id, "--undo", "--why", "x")).code,
    2,
    "that says two things",
  );
  assert.match((await operator.runHere("accept", id, "--undo")).stdout, /is no longer accepted at store/);
  assert.equal((await operator.runHere("check")).code, 1);
  assert.equal((await operator.runHere("accept", id, "--why", "cleaned up")).code, 0);
  const again = await operator.runHere("run", "capsule");
  assert.doesNotMatch(again.stdout, /suspect/, "what was accepted may come again");
  const refused = await operator.runHere("accept", backups[1].id, "--why", "no reason");
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /nothing is suspect of it/);

  rmSync(operator.path(`store/${backups[1].id}.zip`));
  rmSync(operator.path(`store/${backups[1].id}.manifest.json`));
  assert.equal((await operator.runHere("run", "capsule")).code, 0);
  const { jobs } = await document("status");
  const [concern] = jobs[0].concerns;
  assert.equal(concern.kind, "gone");
  assert.equal(concern.nextStep, `codex-backup accept capsule/${backups[1].id} --gone --why TEXT`);
  assert.match((await operator.runHere("metrics")).stdout, /codex_backup_gone\{.*"capsule".*\} 1/);
  const doctor = await document("doctor");
  assert.ok(doctor.findings.some((finding: Json) => finding.code === "history.gone"));
  assert.ok(JSON.stringify(await document("alerts", "list")).includes("#gone"), "told by the run itself");
  const gone = await operator.runHere("accept", backups[1].id, "--gone", "--why", "made room");
  assert.match(gone.stdout, /is accepted as gone at store/);
  assert.equal((await operator.runHere("check")).code, 0);
});
