import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { loadAwkward } from "../fixtures/awkward.ts";
import { compareDatabases } from "../fixtures/compare-databases.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { runProgram, tryProgram } from "../servers/run-program.ts";
import { createOperator, type Operator } from "./cli-tool.ts";

// The page that lies beside the backups, followed word by word on a machine that has nothing of ours: another home,
// another server, the programs of the distribution, the public key and the secret key from their safe places.
const database = "awkward";
const dumps = ["plain", "zstd", "gzip", "custom", "sealed"] as const;

function configOf(server: PostgresTestServer, recipient: string): string {
  const source = `postgres: { socket: ${server.socketDirectory}, port: ${server.port}, user: ${server.user}, database: ${database} }`;
  const job = (keys: string) => `{ ${source}, to: [store], name: "{job}_{date}", ${keys} }`;
  const sealed = `encrypt: { recipients: [${recipient}] }`;
  return `
version: 1
state: ./state
destinations: { store: { path: ./store } }
jobs:
  plain: ${job("format: sql")}
  zstd: ${job("compress: zstd")}
  gzip: ${job("compress: gzip")}
  custom: ${job("format: custom")}
  sealed: ${job(`compress: zstd, ${sealed}`)}
  files: { capsule: { root: ./tree }, to: [store], name: "{job}_{date}" }
  sealedfiles: { capsule: { root: ./tree }, to: [store], name: "{job}_{date}", ${sealed} }
`;
}

suite("RESTORE-v1.md on a machine without us", { concurrency: false }, () => {
  let source: PostgresTestServer;
  let operator: Operator;
  let publicKey: string;
  const elsewhere = temporaryDirectory("elsewhere");
  const machine = join(elsewhere, "backups");
  const keyFile = join(elsewhere, "key.txt");
  const targets: PostgresTestServer[] = [];

  before(async () => {
    source = await startPostgres();
    await loadAwkward(source, database);
    const made = await runProgram(["age-keygen", "-o", keyFile]).then(() => readFileSync(keyFile, "utf8"));
    const recipient = /public key: (age1\w+)/.exec(made)?.[1] ?? "";
    operator = createOperator(configOf(source, recipient), { PATH: source.env.PATH ?? "" });
    await say("destination", "init", "--all");
    await say("keys", "generate");
    await say("keys", "confirm", "--identity", keyFile);
    const shown = await say("keys", "show");
    publicKey = /\bRW[A-Za-z0-9+/]{54}/.exec(shown)?.[0] ?? "";
    assert.notEqual(publicKey, "", shown);
    await say("run", "--all");
    cpSync(operator.path("store"), machine, { recursive: true });
  });

  after(() => Promise.all([source, ...targets].map((server) => server?.stop())));

  async function say(...argv: readonly string[]): Promise<string> {
    const run = await operator.runHere(...argv);
    assert.equal(run.code, 0, `${argv.join(" ")}\n${run.stderr}`);
    return run.stdout;
  }

  /** The name that the backup of a job has. */
  function backupOf(job: string): string {
    const name = readdirSync(machine).find(
      (file) => file.startsWith(`${job}_`) && file.endsWith(".manifest.json"),
    );
    assert.ok(name, job);
    return name.slice(0, -".manifest.json".length);
  }

  /** The page's only command that holds this text, with its words in capitals replaced. */
  function command(part: string, words: Readonly<Record<string, string>>): string {
    const page = readFileSync(join(machine, "RESTORE-v1.md"), "utf8");
    const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, text = ""]) => text.trim());
    const found = blocks.filter((block) => block.includes(part));
    assert.equal(found.length, 1, part);
    return Object.entries(words).reduce(
      (text, [word, value]) => text.replaceAll(word, value),
      String(found[0]),
    );
  }

  async function follow(
    part: string,
    words: Readonly<Record<string, string>>,
    server?: PostgresTestServer,
  ): Promise<void> {
    const line = command(part, words);
    const env = {
      PATH: source.env.PATH ?? "",
      HOME: join(elsewhere, "home"),
      LANG: "C.UTF-8",
      ...server?.env,
    };
    const run = await tryProgram(["bash", "-ec", line], { cwd: machine, env });
    assert.equal(run.code, 0, `${line}\n${run.stdout}${run.stderr}`);
  }

  async function newServer(): Promise<PostgresTestServer> {
    const server = await startPostgres();
    targets.push(server);
    return server;
  }

  test("every backup's bytes are checked, and its manifest's signature with the key kept elsewhere", async () => {
    for (const job of [...dumps, "files", "sealedfiles"]) {
      const words = { BACKUP: backupOf(job), PUBLICKEY: publicKey };
      await follow("--strict", words);
      await follow("minisign -V", words);
      await follow("xargs", words);
    }
    await follow("--quiet checksums.txt", {});
  });

  test("a file that was replaced together with its hash is still not the one that was signed", async () => {
    const forged = join(elsewhere, "forged");
    mkdirSync(forged);
    const name = backupOf("plain");
    for (const file of readdirSync(machine).filter((one) => one.includes(name)))
      cpSync(join(machine, file), join(forged, file));
    writeFileSync(join(forged, `${name}.sql`), "DROP TABLE everything;\n");
    const files = `*${name}.sql ${name}.manifest.json`;
    await runProgram(["bash", "-ec", `sha256sum ${files} > ${name}.sha256`], { cwd: forged });
    const words = { BACKUP: name, PUBLICKEY: publicKey };
    const env = { PATH: source.env.PATH ?? "" };
    const run = (part: string) => tryProgram(["bash", "-ec", command(part, words)], { cwd: forged, env });
    assert.equal((await run("--strict")).code, 0, "its own hashes are content");
    assert.notEqual((await run("xargs")).code, 0);
  });

  test("the encrypted files are decrypted with the key that was kept", async () => {
    const name = backupOf("sealed");
    for (const file of [
      `${name}.sql.zst`,
      `globals_${name}.sql`,
      `database_${name}.sql`,
      `${backupOf("sealedfiles")}.zip`,
    ])
      await follow("age --decrypt", {
        "FILE.age": `${file}.age`,
        KEYFILE: "\u0001",
        FILE: file,
        "\u0001": keyFile,
      });
  });

  for (const [job, part] of [
    ["plain", "-f BACKUP.sql"],
    ["zstd", "BACKUP.sql.zst"],
    ["gzip", "BACKUP.sql.gz"],
    ["custom", "--dbname=NEWDB BACKUP.dump"],
    ["sealed", "BACKUP.sql.zst"],
  ] as const) {
    test(`${job}: roles, the database with its settings, and its content come back equal`, async () => {
      const server = await newServer();
      const words = { BACKUP: backupOf(job), NEWDB: database };
      await follow("globals_BACKUP", words, server);
      await follow("-d postgres -f database_BACKUP", words, server);
      await follow(part, words, server);
      await follow("ANALYZE", words, server);
      // Plain psql re-uses the room of rows that it has deleted: the rows are the same, their order on disk is not.
      const restored = { env: server.env, database };
      assert.deepEqual(await compareDatabases({ env: source.env, database }, restored, "any"), []);
      await server.stop();
    });
  }

  for (const job of ["files", "sealedfiles"] as const) {
    test(`${job}: the capsule is tested and unpacked, and equals the tree`, async () => {
      const target = join(elsewhere, `out-${job}`);
      await follow("unzip -t", { CAPSULE: backupOf(job), TARGET: target });
      await runProgram(["diff", "-r", "--exclude=codex-capsule.json", operator.path("tree"), target]);
    });
  }
});
