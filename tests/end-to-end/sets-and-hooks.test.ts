import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { before, suite, test } from "node:test";
import { createOperator, type Operator } from "./cli-tool.ts";

const config = `
version: 1
state: ./state
destinations: { store: { path: ./store } }
jobs:
  files:
    capsule: { root: ./tree }
    to: [store]
    set: nightly
    hooks:
      before: [./hook.sh]
      after: [[./hook.sh, one], [./hook.sh, two words]]
  other: { command: { argv: [/bin/true] } }
`;

suite("a set and hooks, through the command line", { concurrency: false }, () => {
  let operator: Operator;

  before(async () => {
    operator = createOperator(config);
    const script = `#!/bin/sh\necho "$CODEX_BACKUP_HOOK $*" >> ${operator.path("calls")}\necho to the log\n`;
    writeFileSync(operator.path("hook.sh"), script, { mode: 0o700 });
    assert.equal((await operator.runHere("destination", "init", "--all")).code, 0);
  });

  test("run --set runs the jobs of the set alone, with their hooks, whose output is in the log", async () => {
    assert.match((await operator.runHere("list", "--set", "nightly")).stdout, /^No restore points yet/);
    const run = await operator.runHere("run", "--set", "nightly");
    assert.deepEqual([run.code, run.stdout.split("\n").length], [0, 2], run.stderr);
    assert.equal(readFileSync(operator.path("calls"), "utf8"), "before \nafter one\nafter two words\n");
    const { stdout } = await operator.runHere("logs", "--job", "files");
    assert.equal(stdout.match(/to the log/g)?.length, 3, stdout);
  });

  test("list --set shows the point with the command that restores it, and an unknown set is a mistake", async () => {
    const { code, stdout } = await operator.runHere("list", "--set", "nightly");
    assert.equal(code, 0);
    assert.match(stdout, /^nightly_\d{8}T\d{6}Z {2}whole {2}/);
    const line = /codex-backup (restore files\/\S+ --to) DIRECTORY/.exec(stdout)?.[1] ?? "";
    assert.equal((await operator.runHere(...line.split(" "), operator.path("out"))).code, 0);
    assert.ok(existsSync(operator.path("out/ledger/entry.json")));
    for (const command of ["run", "list"]) {
      const refused = await operator.runHere(command, "--set", "weekly");
      assert.deepEqual([refused.code, /has "nightly"/.test(refused.stderr)], [2, true], refused.stderr);
    }
  });

  test("show tells of the point, and doctor finds a hook that is gone", async () => {
    const { stdout } = await operator.runHere("list");
    const id = /^(files_\S+)/m.exec(stdout)?.[1] ?? "";
    assert.match((await operator.runHere("show", id)).stdout, /^restore point\n {2}point +nightly_/m);
    writeFileSync(
      operator.path("codex-backup.yaml"),
      config.replace("before: [./hook.sh]", "before: [./gone.sh]"),
    );
    const doctor = await operator.runHere("--json", "doctor");
    assert.match(doctor.stdout, /hooks\.before-missing/);
  });
});
