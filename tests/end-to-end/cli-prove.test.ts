import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { loadAwkward } from "../fixtures/awkward.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { createOperator, type Operator } from "./cli-tool.ts";

function configFor(server: PostgresTestServer): string {
  const postgres = `{ socket: ${server.socketDirectory}, port: ${server.port}, user: ${server.user}, clientDirectory: ${server.binDirectory}, database: awkward }`;
  const prove = `{ server: "programs:${server.binDirectory}" }`;
  return `
version: 1
state: ./state
timezone: UTC
destinations:
  backups: { path: ./backups }
jobs:
  database:
    postgres: ${postgres}
    to: [backups]
    name: "awkward_{timestamp}"
    compress: zstd
    prove: { server: "programs:${server.binDirectory}", after: each }
    assertions: ["select count(*) > 0 from pg_class"]
  packed:
    postgres: ${postgres}
    to: [backups]
    name: "packed_{timestamp}"
    format: custom
    compress: gzip
    prove: ${prove}
    assertions: ["select true", "select 1 = 2", "select nothing"]
  capsule:
    capsule: { root: ./tree }
    to: [backups]
    name: "capsule_{timestamp}"
`;
}

suite("proofs, through the launcher", { concurrency: false }, () => {
  let server: PostgresTestServer;
  let operator: Operator;
  let database: string;

  before(async () => {
    server = await startPostgres();
    await loadAwkward(server);
    operator = createOperator(configFor(server));
    assert.equal((await operator.run("destination", "init", "backups")).code, 0);
  });

  after(() => server.stop());

  /** What proofs may leave behind for a moment, and never afterwards. */
  const leftovers = () => readdirSync(operator.path("state", "work", "proofs"));

  test("a run is followed by the proof of its backup, which names what was compared", async () => {
    const { code, document } = await operator.json("run", "database");
    assert.equal(code, 0, JSON.stringify(document.runs, null, 1));
    const [backup, proof] = document.runs;
    database = backup.backup.id;
    assert.deepEqual([proof.job, proof.outcome, proof.level], ["database:prove", "complete", "proven"]);
    assert.match(proof.summary, /proven in .*tables, .*rows/);
    assert.deepEqual(leftovers(), []);
  });

  test("show and list tell of the proof; its receipt lies beside the backup", async () => {
    const { stdout } = await operator.run("show", database);
    assert.match(stdout, /^proofs\n {2}backups +proven +.*PostgreSQL/m);
    const { document } = await operator.json("show", database);
    const [proof] = document.backup.proofs;
    assert.deepEqual([proof.destination, proof.outcome, proof.failure], ["backups", "proven", null]);
    const listed = await operator.json("list", "--job", "database");
    assert.equal(listed.document.backups[0].provenAt, proof.at);
    assert.equal(listed.document.backups[0].level, "proven");
    const receipts = readdirSync(operator.path("backups")).filter((name) => name.includes(".proof-"));
    assert.equal(receipts.length, 1);
    const receipt = JSON.parse(readFileSync(operator.path("backups", receipts[0] ?? ""), "utf8"));
    assert.deepEqual([receipt.backup, receipt.outcome, receipt.differences], [database, "proven", []]);
    assert.ok(receipt.tables.length > 10 && receipt.unproven.length > 0);
  });

  test("assertions that are not true end with 4 and are named; the copy is restored", async () => {
    await operator.run("run", "packed");
    const { code, document } = await operator.json("prove", "--job", "packed");
    assert.equal(code, 4);
    const [proof] = document.proofs;
    assert.deepEqual(
      [proof.outcome, proof.level, proof.failure.code],
      ["mismatch", "restored", "proof.assertion"],
    );
    assert.deepEqual(proof.differences, []);
    assert.deepEqual(
      proof.assertions.map(({ outcome }: { readonly outcome: string }) => outcome),
      ["true", "false", "failed"],
    );
    assert.ok(proof.tables.every(({ match }: { readonly match: boolean }) => match));
  });

  test("a capsule is proven, and the human screen says what was compared", async () => {
    const { document } = await operator.json("run", "capsule");
    const id = document.runs[0].backup.id;
    const { code, stdout, stderr } = await operator.run("prove", id);
    assert.equal(stderr, "");
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^${id} at backups: proven in `));
    assert.match(stdout, /compared {2}2 files, 1 directory, 23 bytes/);
    assert.deepEqual(leftovers(), []);
  });

  test("a dump that was made before us is proven against what it says of itself, roles and all", async () => {
    const file = operator.path("backups", "awkward_2026-10-01.sql");
    await server.createDatabase("small");
    await server.psql(
      `create role "old owner"; create table ledger as select i from generate_series(1, 9) i;
      alter table ledger owner to "old owner";
      create role lender; create role borrower; grant select on ledger to lender with grant option;
      set role lender; grant select on ledger to borrower; reset role;
      create function note() returns event_trigger language plpgsql as 'begin end';
      create event trigger noting on ddl_command_end execute function note();`,
      "small",
    );
    execFileSync(join(server.binDirectory, "pg_dump"), ["-f", file, "small"], { env: server.env });
    const adopted = await operator.run(
      "adopt",
      operator.path("backups"),
      "--job",
      "database",
      "--pattern",
      "awkward_2026-10*",
    );
    assert.equal(adopted.code, 0, adopted.stderr);
    const { code, document } = await operator.json("prove", "awkward_2026-10-01");
    const [proof] = document.proofs;
    assert.deepEqual([code, proof.outcome, proof.failure], [0, "proven", null]);
    assert.ok(
      proof.unproven.some(({ object }: { readonly object: string }) => object === "what the database held"),
    );
  });

  test("a proof that is killed leaves nothing behind once the next has begun, which waits for no dead one", async () => {
    const started = operator.start("prove", database);
    for (let waited = 0; leftovers().length === 0 && waited < 10_000; waited += 20) await delay(20);
    assert.notDeepEqual(leftovers(), []);
    const busy = await operator.run("prove", database);
    assert.equal(busy.code, 5);
    assert.match(busy.stderr, /Cannot prove: run .* has been at it/);
    started.child.kill("SIGKILL");
    await started.ended;
    const { code } = await operator.run("prove", database);
    assert.equal(code, 0);
    assert.deepEqual(leftovers(), []);
  });

  test("an interrupted proof ends its server and says that it was interrupted", async () => {
    const started = operator.start("prove", database);
    for (let waited = 0; leftovers().length === 0 && waited < 10_000; waited += 20) await delay(20);
    started.child.kill("SIGTERM");
    assert.equal((await started.ended).code, 143);
    assert.deepEqual(leftovers(), []);
  });

  test("bytes that rotted end with 4 before anything is restored", async () => {
    const dump = operator.path("backups", `${database}.sql.zst`);
    assert.ok(existsSync(dump));
    const bytes = readFileSync(dump);
    bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
    writeFileSync(dump, bytes);
    const { code, document } = await operator.json("prove", database);
    assert.equal(code, 4);
    assert.deepEqual([document.proofs[0].failure.code, document.proofs[0].server], ["backup.mismatch", null]);
  });
});
