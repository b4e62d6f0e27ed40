import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { before, suite, test } from "node:test";
import { createOperator, type Json, localConfig, type Operator, sourceLauncher } from "./cli-tool.ts";

suite("a capsule, its checksums and a command, through the launcher", { concurrency: false }, () => {
  let operator: Operator;
  let backup: string;

  before(async () => {
    operator = createOperator(localConfig, {}, sourceLauncher);
  });

  test("a run before the destination is ours says what to do, and that nothing was written", async () => {
    const { code, stdout, stderr } = await operator.run("run", "capsule");
    assert.equal(code, 1);
    assert.equal(stdout, "");
    const [message, hint, left, ...more] = stderr.trimEnd().split("\n");
    assert.match(String(message), /^Cannot use ".*store": there is no such directory$/);
    assert.match(String(hint), /^ {2}\S.*codex-backup destination init store/);
    assert.equal(left, "  Nothing was written, and there is no good backup yet.");
    assert.deepEqual(more, []);
  });

  test("destination init makes it ready, and list tells so", async () => {
    assert.equal((await operator.run("destination", "list")).code, 1);
    assert.equal((await operator.run("destination", "init", "--all")).code, 0);
    const { code, stdout } = await operator.run("destination", "list");
    assert.equal(code, 0);
    assert.match(stdout, /^store {2}ready {2}\S+\/store {2}\d+ % full, [\d.]+ \wB free\n$/);
  });

  test("run tells each job in a line, and list and show find the backup", async () => {
    const { code, stdout, stderr } = await operator.run("run", "capsule", "checksums", "script");
    assert.equal(stderr, "");
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split("\n");
    assert.match(String(lines[0]), /^capsule {2}complete, .* {2}replay_\d{8}T\d{6}Z {2}read at store$/);
    assert.match(String(lines[1]), /^checksums {2}\d+ files, all equal$/);
    assert.match(String(lines[2]), /^script {2}ended well, /);
    const { document } = await operator.json("list");
    assert.equal(document.schemaVersion, 1);
    assert.equal(document.backups.length, 1);
    backup = document.backups[0].id;
    assert.deepEqual(
      document.backups[0].copies.map((copy: Json) => [copy.destination, copy.state, copy.level]),
      [["store", "whole", "read"]],
    );
    const shown = await operator.run("show", backup);
    assert.equal(shown.code, 0);
    assert.match(shown.stdout, new RegExp(`^ {2}${backup}\\.zip +capsule +.*[0-9a-f]{64}$`, "m"));
  });

  test("times of people bear their offset, and the zone stands above the next slots", async () => {
    assert.match((await operator.run("list")).stdout, /\d{4}-\d\d-\d\d \d\d:\d\d \+0[12]:00/);
    assert.match((await operator.run("status")).stdout, /next \(Europe\/Berlin\)/);
    assert.match((await operator.run("schedule")).stdout, /capsule: At 02:15 \(Europe\/Berlin\)\n/);
  });

  test("a capsule restores to a directory, whole or in part, and never over something that is there", async () => {
    assert.equal((await operator.run("restore", backup, "--to", "out", "--dry-run")).code, 0);
    assert.ok(!readdirSync(operator.directory).includes("out"), "a dry run writes nothing");
    assert.equal((await operator.run("restore", backup, "--to", "out")).code, 0);
    assert.equal(readFileSync(operator.path("out/ledger/entry.json"), "utf8"), '{"amount": 12}\n');
    const again = await operator.run("restore", backup, "--to", "out");
    assert.equal(again.code, 2);
    assert.equal((await operator.run("restore", backup, "--to", "out", "--overwrite", "in")).code, 2);
    writeFileSync(operator.path("out/audit.log"), "changed\n");
    assert.equal((await operator.run("restore", backup, "--to", "out", "--overwrite", "out")).code, 0);
    assert.equal(readFileSync(operator.path("out/audit.log"), "utf8"), "one\ntwo\n");
    assert.equal(
      (await operator.run("restore", `store/${backup}.zip`, "--to", "part", "--only", "ledger")).code,
      0,
    );
    assert.deepEqual(readdirSync(operator.path("part")), ["ledger"]);
  });

  test("what a command says goes into its log, with nothing of our environment", async () => {
    const { stdout } = await operator.run("logs", "--job", "script");
    assert.match(stdout, /said on stdout/);
    assert.match(stdout, /said on stderr/);
    assert.match(stdout, /LANG=C\.UTF-8/);
    assert.doesNotMatch(stdout, /NODE_COMPILE_CACHE/);
  });

  test("a failed command says why, and of several jobs the worst decides", async () => {
    const { code, stderr, stdout } = await operator.run("run", "script", "broken");
    assert.equal(code, 1);
    assert.match(stderr, /^Cannot finish "broken": .*the disk is on fire\n {2}\S/);
    assert.doesNotMatch(stderr, /Nothing was written/, "a command leaves no backup that could be written");
    assert.match(stdout, /^script {2}ended well.*\nbroken {2}failed/);
    const { code: status, document } = await operator.json("status");
    assert.equal(status, 6);
    const broken = document.jobs.find((job: Json) => job.job === "broken");
    assert.equal(broken.healthy, false);
    const quiet = await operator.run("-q", "status");
    assert.equal(quiet.stdout, "");
    assert.match(quiet.stderr, /^broken: /);
  });

  test("a held backup stays when policy would remove it, a released one goes", async () => {
    assert.equal((await operator.run("hold", backup, "--why", "the auditors want it")).code, 0);
    assert.equal((await operator.run("run", "capsule")).code, 0);
    assert.match((await operator.run("list")).stdout, /held/);
    assert.match((await operator.run("show", backup)).stdout, /the auditors want it/);
    const kept = await operator.json("prune");
    assert.deepEqual(
      kept.document.verdicts.filter((one: Json) => one.isRemoved),
      [],
    );
    assert.equal((await operator.run("release", backup)).code, 0);
    const table = (await operator.run("prune", "--dry-run")).stdout;
    assert.match(table, /^replay_\S+ {2}store {2}\S+ \w?B {2}kept: newest good 1 of 1, last 1 of 1$/m);
    assert.match(table, new RegExp(`^${backup} .* {2}would go: no rule keeps it$`, "m"));
    const planned = await operator.json("prune", "--dry-run");
    assert.deepEqual(
      planned.document.verdicts.map((one: Json) => [one.backup === backup, one.verdict, one.isRemoved]),
      [
        [false, "keep", false],
        [true, "remove", false],
      ],
    );
    assert.equal((await operator.run("prune", "--job", "capsule")).code, 0);
    const { document } = await operator.json("list");
    assert.equal(document.backups.length, 1);
    backup = document.backups[0].id;
  });

  test("a lost catalog is made anew from the destinations", async () => {
    rmSync(operator.path("state"), { recursive: true });
    assert.deepEqual((await operator.json("list")).document.backups, []);
    assert.equal((await operator.run("catalog", "check")).code, 4);
    assert.equal((await operator.run("catalog", "rebuild")).code, 0);
    assert.equal((await operator.run("catalog", "check")).code, 0);
    assert.equal((await operator.json("list")).document.backups[0].id, backup);
  });

  test("zips of an old script are adopted, and the next run's list has them", async () => {
    mkdirSync(operator.path("old"));
    execFileSync("zip", ["-q", "-r", operator.path("old/replay_20260101T000000Z.zip"), "."], {
      cwd: operator.path("tree"),
    });
    renameSync(
      operator.path("old/replay_20260101T000000Z.zip"),
      operator.path("store/replay_20260101T000000Z.zip"),
    );
    const chosen = ["--job", "capsule", "--pattern", "replay_2*.zip"];
    const { code, stderr } = await operator.run("adopt", "store", ...chosen);
    assert.equal(stderr, "");
    assert.equal(code, 0);
    assert.match((await operator.run("list")).stdout, /^replay_20260101T000000Z .*adopted$/m);
  });

  test("an adopted zip, and one that nothing is known of, are restored like any other", async () => {
    const known = await operator.run("restore", "replay_20260101T000000Z", "--to", "adopted");
    assert.equal(known.code, 0);
    assert.doesNotMatch(known.stdout, /hash/);
    assert.equal(readFileSync(operator.path("adopted/ledger/entry.json"), "utf8"), '{"amount": 12}\n');
    copyFileSync(operator.path("store/replay_20260101T000000Z.zip"), operator.path("old/bare.zip"));
    const { code, stdout, stderr } = await operator.run("restore", "old/bare.zip", "--to", "bare");
    assert.equal(stderr, "");
    assert.match(stdout, /hash could not be checked/);
    assert.equal(code, 0);
    assert.equal(readFileSync(operator.path("bare/ledger/entry.json"), "utf8"), '{"amount": 12}\n');
  });

  test("rot is found, named, and ends with 4 everywhere", async () => {
    const zip = operator.path("store", `${backup}.zip`);
    const bytes = readFileSync(zip);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    writeFileSync(zip, bytes);
    const verified = await operator.run("verify", backup);
    assert.equal(verified.code, 4);
    assert.match(verified.stderr, new RegExp(`${backup} at store: `));
    assert.match(verified.stdout, /damaged/);
    const checksums = await operator.run("run", "checksums", "script");
    assert.equal(checksums.code, 4);
    assert.match(checksums.stderr, /Cannot vouch for 1 file/);
    assert.equal((await operator.run("restore", backup, "--to", "rotten")).code, 4);
    assert.ok(!readdirSync(operator.directory).includes("rotten"), "nothing of it was written");
    assert.match((await operator.run("list")).stdout, /store \(damaged\)/);
  });

  test("a check that checked nothing is not ok", async () => {
    const { code, stderr } = await operator.run("verify", "--since", "1ms");
    assert.equal(code, 3);
    assert.match(stderr, /Nothing was checked/);
  });
});
