import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, suite, test } from "node:test";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { createOperator, type Json, type Operator } from "./cli-tool.ts";

function configFor(server: PostgresTestServer, encrypt: string): string {
  const postgres = `socket: ${server.socketDirectory}, port: ${server.port}, user: ${server.user}, clientDirectory: ${server.binDirectory}`;
  return `
version: 1
state: ./state
destinations:
  backups: { path: ./backups }
jobs:
  database:
    postgres: { ${postgres}, database: [codexdb, other] }
    to: [backups]
    compress: zstd
    name: "{database}_{timestamp}"
${encrypt}
  capsule:
    capsule: { root: ./tree }
    to: [backups]
    name: "replay_{timestamp}"
${encrypt}
`;
}

/** Part of the names of tables, columns and roles. */
const canary = "canary_5d2e8";

/** Each backup can be proven here, and none is as the assertion demands. */
function secretiveConfig(server: PostgresTestServer, recipient: string, identityFile = ""): string {
  const postgres = `socket: ${server.socketDirectory}, port: ${server.port}, clientDirectory: ${server.binDirectory}, database: secretive`;
  const shared = `
    to: [backups]
    encrypt: { recipients: [${recipient}] }
    assertions: ["select max(${canary}_column) > 200 from ${canary}_one"]
    name: "{job}_{timestamp}"`;
  return `
version: 1
state: ./state
logs: { file: ./runs.log }
alerts:
  exec: { argv: [/bin/true] }
destinations:
  backups: { path: ./backups }
jobs:
  database:
    postgres: { ${postgres}, user: ${server.user} }
    prove: { schedule: "0 5 * * 0"${identityFile} }${shared}
  denied:
    postgres: { ${postgres}, user: nobody_special }${shared}
`;
}

suite("encrypted jobs, through the command line", { concurrency: false }, () => {
  let server: PostgresTestServer;
  let operator: Operator;
  let recipient: string;

  before(async () => {
    server = await startPostgres();
    for (const database of ["codexdb", "other"]) {
      await server.createDatabase(database);
      await server.psql(
        `create table ledger (id int primary key, note text); insert into ledger select i, '${database} ' || i from generate_series(1, 500) i`,
        database,
      );
    }
    operator = createOperator(configFor(server, ""));
    assert.equal((await operator.runHere("destination", "init", "backups")).code, 0);
  });

  after(() => server.stop());

  async function document(
    ...argv: readonly string[]
  ): Promise<{ readonly code: number | null; readonly doc: Json }> {
    const { stdout, code } = await operator.runHere("--json", ...argv);
    return { code, doc: JSON.parse(stdout) };
  }

  function stored(start: string, ending: string): string {
    const name = readdirSync(operator.path("backups")).find(
      (one) => one.startsWith(start) && one.endsWith(ending),
    );
    assert.ok(name, `${start}…${ending}`);
    return name;
  }

  test("a key that was made here is not used before it was exported", async () => {
    const made = await document("keys", "generate", "--encryption");
    recipient = made.doc.keys.encryption[0].recipient;
    assert.match(recipient, /^age1/);
    const encrypt = `    encrypt: { recipients: [${recipient}] }`;
    writeFileSync(operator.path("codex-backup.yaml"), configFor(server, encrypt), { mode: 0o600 });
    const refused = await operator.runHere("run", "capsule");
    assert.equal(refused.code, 2);
    assert.match(refused.stdout + refused.stderr, /codex-backup keys export --encryption/);
    assert.ok(!readdirSync(operator.path("backups")).some((name) => name.startsWith("replay")));
  });

  test("what was printed may have been lost on its way: it stays here, and is not used", async () => {
    const { stdout, stderr, code } = await operator.runHere("keys", "export", "--encryption");
    assert.equal(code, 0);
    assert.match(stdout, /^AGE-SECRET-KEY-1/m);
    assert.match(stderr, /keys confirm --identity/);
    assert.equal((await operator.runHere("run", "capsule")).code, 2);
    const [shown] = (await document("keys", "show")).doc.keys.encryption;
    assert.deepEqual([shown.isHere, shown.custody], [true, null]);
  });

  test("it is written neither beside the backups nor into the state, nor where a stick is not mounted", async () => {
    mkdirSync(operator.path("safe"));
    writeFileSync(operator.path("safe", "taken.txt"), "another key");
    symlinkSync(operator.path("backups"), operator.path("stick"));
    for (const [to, seen] of [
      ["backups/key.txt", /whoever takes the backups would take their key/],
      ["stick/key.txt", /whoever takes the backups would take their key/],
      ["state/key.txt", /lost together with this machine/],
      ["state/keys/../key.txt", /lost together with this machine/],
      ["media/key.txt", /there is no directory "[^"]*media"\n {2}Mount the disk/],
      ["safe/taken.txt", /it exists/],
    ] as const) {
      const { code, stderr } = await operator.runHere("keys", "export", "--encryption", "--to", to);
      assert.equal(code, 2, to);
      assert.match(stderr, seen);
    }
    assert.ok(!existsSync(operator.path("media")), "nothing is made on the way");
    assert.deepEqual(readdirSync(operator.path("safe")), ["taken.txt"]);
    assert.equal(readFileSync(operator.path("safe", "taken.txt"), "utf8"), "another key");
    const [shown] = (await document("keys", "show")).doc.keys.encryption;
    assert.deepEqual([shown.isHere, shown.custody], [true, null], "it is still here, and not exported");
  });

  test("export gives it out for one's own eyes, and takes it from this machine", async () => {
    const { code, stderr } = await operator.runHere("keys", "export", "--encryption", "--to", "key.txt");
    assert.equal(code, 0);
    assert.match(stderr, /^Warning: "key\.txt" is on the same disk as ".*state"/m);
    assert.equal(statSync(operator.path("key.txt")).mode & 0o777, 0o600);
    assert.equal(
      execFileSync("age-keygen", ["-y", operator.path("key.txt")], { encoding: "utf8" }).trim(),
      recipient,
    );
    const left = readdirSync(operator.path("state", "keys")).filter((name) =>
      readFileSync(operator.path("state", "keys", name), "utf8").includes("AGE-SECRET-KEY"),
    );
    assert.deepEqual(left, []);
    const { doc } = await document("keys", "show");
    const [shown] = doc.keys.encryption;
    assert.deepEqual([shown.recipient, shown.isHere, shown.custody.how], [recipient, false, "exported"]);
  });

  test("the night's run reaches hashed, and verify says what more it would take", async () => {
    const { code, doc } = await document("run", "--all");
    assert.equal(code, 0);
    assert.deepEqual(
      doc.runs.map((run: Json) => [run.outcome, run.level]),
      [
        ["complete", "hashed"],
        ["complete", "hashed"],
        ["complete", "hashed"],
      ],
    );
    const logs = readdirSync(operator.path("state", "logs"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
    assert.ok(logs.length >= 3);
    assert.ok(!logs.some((text) => /ledger|audit\.log/.test(text)), "a log names neither tables nor files");
    assert.equal((await operator.runHere("verify")).code, 0);
    const asked = await operator.runHere("verify", "--level", "read");
    assert.equal(asked.code, 3);
    assert.match(asked.stderr, new RegExp(`only its hashes were checked; .*${recipient}`));
    const read = await document("verify", "--identity", operator.path("key.txt"));
    assert.equal(read.code, 0);
    assert.deepEqual(new Set(read.doc.checks.map((check: Json) => check.level)), new Set(["read"]));
  });

  test("show tells of tables and entries only to the holder of the key", async () => {
    const id = stored("codexdb_", ".manifest.json").replace(".manifest.json", "");
    const blind = await operator.runHere("show", id);
    assert.ok(!blind.stdout.includes("ledger"));
    const { stdout } = await operator.runHere("show", id, "--identity", operator.path("key.txt"));
    assert.match(stdout, /public\.ledger/);
  });

  test("a key of somebody else opens nothing, and calls nothing damaged", async () => {
    execFileSync("age-keygen", ["-o", operator.path("wrong.txt")], { stdio: "ignore" });
    const id = stored("codexdb_", ".manifest.json").replace(".manifest.json", "");
    for (const argv of [
      ["verify", id, "--identity", operator.path("wrong.txt")],
      ["restore", id, "--to", "never", "--identity", operator.path("wrong.txt")],
      ["prove", id, "--identity", operator.path("wrong.txt")],
      ["prove", id, "--identity", "mistyped.txt"],
      ["prove", id],
      ["restore", id, "--to", "never"],
      ["keys", "confirm", "--identity", operator.path("wrong.txt")],
    ]) {
      assert.equal((await operator.runHere(...argv)).code, 2, argv.join(" "));
    }
    const { doc } = await document("list");
    assert.deepEqual(new Set(doc.backups.map((backup: Json) => backup.level)), new Set(["read"]));
    const beside = readdirSync(operator.path("backups")).filter((name) => name.includes(".proof-"));
    assert.deepEqual(beside, [], "no receipt speaks against a backup for want of its key");
    assert.deepEqual((await document("show", id)).doc.backup.proofs, []);
  });

  test("with the key it is proven, restored, and the receipt says which key", async () => {
    const id = stored("codexdb_", ".manifest.json").replace(".manifest.json", "");
    const { code, doc } = await document("prove", id, "--identity", operator.path("key.txt"));
    assert.deepEqual([code, doc.proofs[0].outcome], [0, "proven"], JSON.stringify(doc.proofs[0].failure));
    const receipt = JSON.parse(readFileSync(operator.path("backups", doc.proofs[0].receipt), "utf8"));
    assert.equal(receipt.openedBy, recipient);
    const restored = await operator.runHere(
      "restore",
      id,
      "--to",
      "again",
      "--identity",
      operator.path("key.txt"),
    );
    assert.equal(restored.code, 0, restored.stderr);
    assert.equal(await server.psql("select count(*) || min(note) from ledger", "again"), "500codexdb 1");
  });

  test("a capsule is proven with its key", async () => {
    const id = stored("replay_", ".manifest.json").replace(".manifest.json", "");
    const { code, doc } = await document("prove", id, "--identity", operator.path("key.txt"));
    assert.deepEqual([code, doc.proofs[0].outcome], [0, "proven"], JSON.stringify(doc.proofs[0]));
  });

  test("a state that was lost allows what earlier backups show, and nothing else", async () => {
    rmSync(operator.path("state"), { recursive: true });
    assert.equal((await operator.runHere("catalog", "rebuild")).code, 0);
    assert.equal((await operator.runHere("run", "capsule")).code, 0);
    const other = execFileSync("age-keygen", ["-y", operator.path("wrong.txt")], { encoding: "utf8" }).trim();
    const config = configFor(server, `    encrypt: { recipients: [${recipient}, ${other}] }`);
    writeFileSync(operator.path("codex-backup.yaml"), config, { mode: 0o600 });
    const refused = await operator.runHere("run", "capsule");
    assert.equal(refused.code, 2);
    assert.match(refused.stdout + refused.stderr, new RegExp(other));
    assert.equal(
      (await operator.runHere("keys", "confirm", "--identity", operator.path("wrong.txt"))).code,
      0,
    );
    assert.equal((await operator.runHere("run", "capsule")).code, 0);
  });

  test("a file of another backup, put in with its hashes, is found by whoever has the key", async () => {
    const id = stored("codexdb_", ".manifest.json").replace(".manifest.json", "");
    const theirs = readFileSync(operator.path("backups", stored("globals_other_", ".age")));
    exchange(id, `globals_${id}.sql.age`, theirs);
    assert.equal((await operator.runHere("catalog", "rebuild")).code, 0);
    assert.equal((await operator.runHere("verify", id)).code, 0, "all hashes are as the manifest says");
    const found = await document("verify", id, "--identity", operator.path("key.txt"));
    assert.equal(found.code, 4);
    assert.match(JSON.stringify(found.doc.checks), new RegExp(`globals_${id}.sql.age`));
  });

  test("a file that was cut is damage, and its backup is not restored", async () => {
    const id = stored("other_", ".manifest.json").replace(".manifest.json", "");
    const path = operator.path("backups", `${id}.sql.zst.age`);
    truncateSync(path, statSync(path).size - 1);
    assert.equal((await operator.runHere("verify", id)).code, 4);
    assert.notEqual(
      (await operator.runHere("restore", id, "--to", "cut", "--identity", operator.path("key.txt"))).code,
      0,
    );
    assert.equal(await server.psql("select count(*) from pg_database where datname = 'cut'"), "0");
  });

  test("a table is named in no log, receipt, alert or answer, whatever becomes of its backup", async () => {
    const database = "secretive";
    await server.createDatabase(database);
    const rows = "insert into %s select i from generate_series(1, 200) i";
    const names = [`${canary}_one`, `${canary}_two`, `${canary}_three`];
    for (const name of names)
      await server.psql(
        `create table ${name} (${canary}_column int); ${rows.replace("%s", name)}; create role ${name}_reader`,
        database,
      );
    await server.psql("create role nobody_special login", database);
    const key = join(temporaryDirectory("safe"), "key.txt");
    execFileSync("age-keygen", ["-o", key], { stdio: "ignore" });
    const holder = execFileSync("age-keygen", ["-y", key], { encoding: "utf8" }).trim();
    const config = secretiveConfig(server, holder);
    const other = createOperator(config);
    const ask = async (code: number, ...argv: readonly string[]) => {
      const done = await other.runHere(...argv);
      assert.equal(done.code, code, `${argv.join(" ")}\n${done.stdout}${done.stderr}`);
      return done.stdout + done.stderr;
    };
    const idOf = async (at: number) =>
      JSON.parse(await ask(0, "--json", "list", "--job", "database")).backups.at(at).id;
    const silent = async (code: number, ...argv: readonly string[]) =>
      assert.ok(!(await ask(code, ...argv)).includes(canary), argv.join(" "));

    await ask(0, "destination", "init", "--all");
    await ask(0, "keys", "confirm", "--identity", key);
    await silent(0, "run", "database");
    await server.psql(`drop table ${names[1]}, ${names[2]}`, database);
    await silent(0, "run", "database"); // suspect
    assert.match(await ask(0, "logs", "--job", "database"), new RegExp(`alone[\\s\\S]*${names[1]}`));
    await silent(1, "run", "denied"); // no right to read the table
    assert.match(await ask(0, "logs", "--job", "denied"), new RegExp(`alone[\\s\\S]*${names[0]}`));
    await silent(0, "verify");
    await silent(0, "verify", "--identity", key);
    await silent(2, "prove", await idOf(0));
    assert.match(await ask(4, "prove", await idOf(0), "--identity", key), new RegExp(names[0] ?? "")); // an assertion
    const withKey = secretiveConfig(server, holder, `, identityFile: ${key}`);
    const unopened = await other.runHere("run", "database:prove");
    assert.equal(unopened.code, 2);
    assert.match(unopened.stdout + unopened.stderr, /Set prove\.identityFile of job database/);
    assert.match((await other.runHere("config", "check")).stderr, /proofs at .* will fail/);
    writeFileSync(other.path("codex-backup.yaml"), withKey, { mode: 0o600 });
    await silent(4, "run", "database:prove");
    for (const argv of [["list"], ["show", await idOf(0)], ["show", await idOf(0), "--json"], ["metrics"]])
      assert.ok(!(await other.runHere(...argv)).stdout.includes(canary), argv.join(" "));
    for (const argv of [["status", "--json"], ["status"]])
      assert.ok(!(await other.runHere(...argv)).stdout.includes(canary), argv.join(" "));

    const catalog = other.path("state", "catalog.db");
    const files = readdirSync(other.directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.startsWith(catalog) && !path.endsWith("codex-backup.yaml"));
    assert.ok(
      files.some((path) => path.endsWith("runs.log")) && files.some((path) => path.includes(".proof-")),
    );
    assert.deepEqual(
      files.filter((path) => path.includes(canary) || readFileSync(path).includes(canary)),
      [],
    );
    assert.deepEqual(columnsWith(catalog, canary), ["backups.profile", "runs.untold"]);
  });

  /** Of rows everything is made that leaves this machine: alerts (the outbox), HTTP, metrics, events. */
  function columnsWith(path: string, text: string): readonly string[] {
    const catalog = new DatabaseSync(path, { readOnly: true });
    const found = catalog
      .prepare(
        "SELECT t.name AS place, c.name AS part FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'",
      )
      .all()
      .filter(
        ({ place, part }) =>
          catalog.prepare(`SELECT 1 FROM "${place}" WHERE instr("${part}", ?) > 0`).get(text) !== undefined,
      )
      .map(({ place, part }) => `${place}.${part}`);
    catalog.close();
    return found.sort();
  }

  /** As somebody would who can write at the destination, but has no key. */
  function exchange(id: string, name: string, bytes: Buffer): void {
    const place = (file: string) => join(operator.path("backups"), file);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(place(name), bytes);
    const manifest = JSON.parse(readFileSync(place(`${id}.manifest.json`), "utf8"));
    const entry = manifest.files.find((file: Json) => file.path === name);
    const [oldHash, oldText] = [entry.sha256, readFileSync(place(`${id}.manifest.json`))];
    Object.assign(entry, { sha256, sizeBytes: bytes.length });
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    writeFileSync(place(`${id}.manifest.json`), text);
    const hashOf = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");
    for (const list of [`${id}.sha256`, "checksums.txt"]) {
      const changed = readFileSync(place(list), "utf8")
        .replace(oldHash, sha256)
        .replace(hashOf(oldText), hashOf(text));
      writeFileSync(place(list), changed);
    }
  }
});
