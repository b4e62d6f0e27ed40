import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { before, suite, test } from "node:test";
import { runProgram, tryProgram } from "../servers/run-program.ts";
import { createOperator, launcher, localConfig, type Operator } from "./cli-tool.ts";

suite("keys and signatures, on the command line", { concurrency: false }, () => {
  let operator: Operator;
  const ids: string[] = [];

  before(async () => {
    operator = createOperator(localConfig.replace("last: 1, minimum: 1", "last: 3, minimum: 1"));
    assert.equal((await operator.runHere("destination", "init", "--all")).code, 0);
  });

  const json = async (...argv: readonly string[]) => {
    const { code, stdout } = await operator.runHere("--json", ...argv);
    return { code, document: JSON.parse(stdout) };
  };

  async function backUp(): Promise<string> {
    const { document } = await json("run", "capsule");
    const [{ outcome, backup, warnings }] = document.runs;
    assert.deepEqual([outcome, warnings], ["complete", []]);
    ids.push(backup.id);
    return backup.id;
  }

  test("without a key a check of signatures fails, and says how to make one", async () => {
    const { code, stderr } = await operator.runHere("verify", "--signatures");
    assert.equal(code, 1);
    assert.match(stderr, /no key whose signatures count[\s\S]*codex-backup keys generate/);
    const shown = await operator.runHere("keys", "show");
    assert.equal(shown.code, 0);
    assert.match(shown.stdout, /^Backups are not signed: make a key with codex-backup keys generate\.$/m);
  });

  test("with a key and nothing that it signed, a check is not ok", async () => {
    const { code, stdout } = await operator.runHere("keys", "generate");
    assert.equal(code, 0);
    assert.match(stdout, /signed from the next run on, by key [0-9A-F]{16}/);
    assert.doesNotMatch(stdout, /RWQAAEIy/, "no secret is shown");
    const nothing = await operator.runHere("verify", "--signatures");
    assert.equal(nothing.code, 3);
    assert.match(nothing.stderr, /No signature was checked/);
    assert.equal((await operator.runHere("keys", "generate")).code, 2, "never over another");
  });

  test("what a run makes is verified by minisign alone, and by us", async () => {
    const id = await backUp();
    await backUp();
    const { document } = await json("keys", "show");
    const [key] = document.keys.signing;
    const manifest = operator.path("store", `${id}.manifest.json`);
    assert.match(await runProgram(["minisign", "-V", "-P", key.text, "-m", manifest]), /verified/);
    const { code, stdout } = await operator.runHere("verify", "--signatures");
    assert.equal(code, 0, stdout);
    assert.match(stdout, /2 files looked at, nothing is missing or changed/);
  });

  test("the key is exported to a file for its owner alone, never over another, and then counts as exported", async () => {
    const path = operator.path("exported.key");
    writeFileSync(path, "something else");
    assert.notEqual((await operator.runHere("keys", "export", "--to", "exported.key")).code, 0);
    assert.equal(readFileSync(path, "utf8"), "something else");
    assert.match((await operator.runHere("keys", "show")).stdout, /no export known/);
    rmSync(path);
    // Closed, /dev/null, a disk that is full, and a pipe whose reader went away: nobody has it.
    for (const to of [">&-", ">/dev/null", ">/dev/full"]) {
      const lost = await tryProgram(["sh", "-c", `exec "$0" keys export ${to}`, launcher], {
        cwd: operator.directory,
        env: operator.env,
      });
      assert.equal(lost.code, 1, to);
      assert.match(lost.stderr, /does not count as exported/, to);
    }
    assert.match((await operator.runHere("keys", "show")).stdout, /no export known/);
    assert.equal((await operator.runHere("keys", "export", "--to", "exported.key")).code, 0);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.match((await operator.runHere("keys", "show")).stdout, /exported \d{4}-\d\d-\d\d by tester/);
    const piped = await operator.runHere("keys", "export");
    assert.equal(piped.stdout, readFileSync(path, "utf8"));
  });

  test("an exported key is taken in again on a new machine, and never in place of another", async () => {
    const exported = operator.path("exported.key");
    const moved = createOperator(localConfig);
    const keys = (...argv: readonly string[]) => moved.runHere("keys", ...argv);
    chmodSync(exported, 0o644);
    assert.match((await keys("import", "--from", exported)).stderr, /other users may read it/);
    chmodSync(exported, 0o600);
    assert.equal((await keys("import", "--from", exported)).code, 0);
    assert.match((await keys("show")).stdout, /signs and counts +exported \d{4}-\d\d-\d\d by tester/);
    assert.equal(statSync(moved.path("state/keys/signing.key")).mode & 0o777, 0o600);
    // As somebody does it by hand: nothing tells of the export then, until the operator does.
    rmSync(moved.path("state/keys/exported.json"));
    assert.match((await keys("show")).stdout, /no export known/);
    assert.equal(
      (await keys("import", "--from", "state/keys/signing.key")).code,
      2,
      "it is lost with the machine",
    );
    assert.match((await keys("show")).stdout, /no export known/);
    assert.equal((await keys("import", "--from", exported)).code, 0);
    assert.match((await keys("show")).stdout, /by tester/);
    const other = createOperator(localConfig);
    assert.equal((await other.runHere("keys", "generate")).code, 0);
    const before = readFileSync(other.path("state/keys/signing.key"), "utf8");
    assert.equal((await other.runHere("keys", "import", "--from", exported)).code, 2);
    assert.equal(readFileSync(other.path("state/keys/signing.key"), "utf8"), before);
  });

  test("the exported key signs by hand what a run could not sign", async () => {
    const secret = operator.path("state", "keys", "signing.key");
    const kept = readFileSync(secret);
    writeFileSync(secret, "damaged");
    const { code, document } = await json("run", "capsule");
    assert.equal(code, 3);
    const [{ outcome, backup, warnings }] = document.runs;
    assert.deepEqual([outcome, warnings.length], ["incomplete", 1]);
    assert.match(warnings[0], /not signed: Cannot use/);
    writeFileSync(secret, kept);
    ids.push(backup.id);
    const checked = await json("verify", "--signatures", backup.id);
    assert.equal(checked.code, 4);
    assert.deepEqual(
      checked.document.signatures[0].findings.map(({ kind }: { kind: string }) => kind),
      ["unsigned"],
    );
    const manifest = operator.path("store", `${backup.id}.manifest.json`);
    await runProgram(["minisign", "-S", "-s", operator.path("exported.key"), "-m", manifest]);
    assert.equal((await operator.runHere("verify", "--signatures", backup.id)).code, 0);
  });

  test("what policy removes is in order; what is removed by hand is named and ends with 4", async () => {
    await backUp();
    await backUp();
    const [first = "", , , fourth = ""] = ids;
    assert.equal(existsSync(operator.path("store", `${first}.manifest.json`)), false, "policy removed it");
    assert.equal((await operator.runHere("verify", "--signatures")).code, 0);
    for (const ending of ["zip", "sha256", "manifest.json", "manifest.json.minisig"])
      rmSync(operator.path("store", `${fourth}.${ending}`));
    const { code, stderr } = await operator.runHere("verify", "--signatures", "--job", "capsule");
    assert.equal(code, 4);
    assert.match(stderr, new RegExp(`^${fourth} at store: it is gone`, "m"));
    await backUp();
    assert.equal(
      (await operator.runHere("verify", "--signatures", "--job", "capsule")).code,
      4,
      "told again",
    );
    const accepted = await operator.runHere("accept", `capsule/${fourth}`, "--gone", "--why", "I made room");
    assert.equal(accepted.code, 0, accepted.stderr);
    await backUp();
    assert.equal((await operator.runHere("verify", "--signatures", "--job", "capsule")).code, 0);
  });

  test("words that do not go together are refused", async () => {
    assert.equal((await operator.runHere("verify", "--signatures", "--since", "7d")).code, 2);
    assert.equal((await operator.runHere("verify", "--job", "capsule")).code, 2);
  });

  test("a new key: the old one is named in the config, and what it signed still counts", async () => {
    const { document } = await json("keys", "show");
    const [{ text: old }] = document.keys.signing;
    for (const name of ["signing.key", "signing.pub"]) rmSync(operator.path("state", "keys", name));
    await operator.runHere("keys", "generate");
    await backUp();
    assert.equal((await operator.runHere("verify", "--signatures", "--job", "capsule")).code, 4);
    const config = readFileSync(operator.path("codex-backup.yaml"), "utf8");
    writeFileSync(operator.path("codex-backup.yaml"), `${config}\nsigning: { trusted: ["${old}"] }\n`);
    const { document: after } = await json("verify", "--signatures", "--job", "capsule");
    assert.ok(after.signatures.length > 1);
    assert.deepEqual(
      after.signatures.filter(({ outcome }: { outcome: string }) => outcome !== "ok"),
      [],
    );
  });
});
