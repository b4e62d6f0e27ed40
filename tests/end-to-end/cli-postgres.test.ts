import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { createOperator, type Operator } from "./cli-tool.ts";

/** The password lies in a file; the operator's own PG variables point elsewhere and must not matter. */
function configFor(server: PostgresTestServer): string {
  return `
version: 1
state: ./state
timezone: UTC
destinations:
  backups: { path: ./backups }
jobs:
  database:
    schedule: "0 2 * * *"
    postgres:
      socket: ${server.socketDirectory}
      port: ${server.port}
      user: ${server.user}
      password: { file: ./password }
      database: codexdb
      clientDirectory: ${server.binDirectory}
    to: [backups]
    name: "codexdb_{date}"
  packed:
    postgres:
      socket: ${server.socketDirectory}
      port: ${server.port}
      user: ${server.user}
      password: { file: ./password }
      database: codexdb
      clientDirectory: ${server.binDirectory}
    to: [backups]
    name: "packed_{timestamp}"
    format: custom
`;
}

suite("a database, through the launcher", { concurrency: false }, () => {
  let server: PostgresTestServer;
  let operator: Operator;
  let backup: string;

  before(async () => {
    server = await startPostgres({ auth: "scram" });
    await server.createDatabase("codexdb");
    await server.psql(
      "create table ledger (id int primary key, note text); insert into ledger select i, 'note ' || i from generate_series(1, 500) i",
      "codexdb",
    );
    operator = createOperator(configFor(server), {
      PGHOST: "/nowhere",
      PGDATABASE: "wrong",
      PGOPTIONS: "-c statement_timeout=1",
    });
    writeFileSync(operator.path("password"), server.password ?? "", { mode: 0o600 });
    assert.equal((await operator.run("destination", "init", "backups")).code, 0);
  });

  after(() => server.stop());

  test("run dumps it under the old name, and plain tools agree with the checksums", async () => {
    const { code, stdout, stderr } = await operator.run("run", "database");
    assert.equal(stderr, "");
    assert.equal(code, 0);
    assert.match(stdout, /complete, .* {2}codexdb_\d{4}-\d\d-\d\d {2}read at backups\n$/);
    backup = /codexdb_\d{4}-\d\d-\d\d/.exec(stdout)?.[0] ?? "";
    assert.ok(existsSync(operator.path("backups", `${backup}.sql`)));
    assert.equal(statSync(operator.path("backups", `${backup}.sql`)).mode & 0o077, 0);
    execFileSync("sha256sum", ["--quiet", "-c", "checksums.txt"], { cwd: operator.path("backups") });
  });

  test("show tells tables with their rows, and where it came from", async () => {
    const { stdout } = await operator.run("show", backup);
    assert.match(stdout, /^ {2}public\.ledger +500 rows/m);
    assert.match(stdout, /PostgreSQL \d+/);
  });

  test("restore makes a new database with the same rows; a dry run makes none", async () => {
    const dry = await operator.run("restore", backup, "--to", "codexdb_restored", "--dry-run");
    assert.equal(dry.stderr, "");
    assert.equal(dry.code, 0);
    assert.match(dry.stdout, /Would restore .* Nothing was touched\.\n$/);
    assert.equal(
      await server.psql("select count(*) from pg_database where datname = 'codexdb_restored'"),
      "0",
    );
    const { code, stdout, stderr } = await operator.run("restore", backup, "--to", "codexdb_restored");
    assert.equal(stderr, "");
    assert.equal(code, 0);
    assert.match(stdout, /^Restored /m);
    assert.equal(
      await server.psql("select count(*), max(note) from ledger", "codexdb_restored"),
      "500|note 99",
    );
  });

  test("an existing database is only replaced when its name is typed again, and is kept", async () => {
    await server.psql("delete from ledger", "codexdb_restored");
    const refused = await operator.run("restore", backup, "--to", "codexdb_restored");
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /--overwrite codexdb_restored/);
    assert.equal((await operator.run("restore", backup, "--to", "codexdb_restored", "--dry-run")).code, 2);
    assert.equal(
      (await operator.run("restore", backup, "--to", "codexdb_restored", "--overwrite", "codexdb")).code,
      2,
    );
    assert.equal(await server.psql("select count(*) from ledger", "codexdb_restored"), "0");
    const { document } = await operator.json(
      "restore",
      backup,
      "--to",
      "codexdb_restored",
      "--overwrite",
      "codexdb_restored",
    );
    assert.equal(document.restore.isRestored, true);
    assert.equal(await server.psql("select count(*) from ledger", "codexdb_restored"), "500");
    const old = document.restore.oldDatabase;
    assert.equal(await server.psql("select count(*) from ledger", old), "0");
    const drop = ["restore", "--job", "database", "--drop-old"];
    const listed = await operator.run("restore", "--drop-old", "--job", "database");
    assert.match(listed.stdout, new RegExp(`^${old} {2}replaced at .*\nTo drop one, `));
    assert.equal((await operator.run(...drop, "codexdb_restored")).code, 2);
    const dropped = await operator.json(...drop, old);
    assert.deepEqual([dropped.code, dropped.document.replaced.dropped.name], [0, old]);
    assert.deepEqual(dropped.document.replaced.kept, []);
  });

  test("one table is restored with its rows, and one that is not there is no success", async () => {
    const one = ["restore", backup, "--to", "one_table", "--table"];
    const { document } = await operator.json(...one, "public.ledger", "--check", "full");
    assert.deepEqual(document.restore.check, {
      kind: "full",
      tables: 1,
      rows: 500,
      reason: "of single tables, only the rows were compared",
    });
    assert.deepEqual(document.restore.tables[0], { schema: "public", name: "ledger" });
    const { code, stderr } = await operator.run(...one, "public.legder");
    assert.equal(code, 2);
    assert.match(stderr, /table "public\.legder": it is not in the dump\n {2}.*nearest are public\.ledger/);
    assert.equal((await operator.run("restore", backup, "--to", "x", "--role", "nonsense")).code, 2);
    assert.equal((await operator.run("restore", "--drop-old", "x", "y")).code, 2);
  });

  test("a bare file restores too, and says that its hash could not be checked", async () => {
    const text = readFileSync(operator.path("backups", `${backup}.sql`));
    writeFileSync(operator.path("bare.sql"), text);
    const { code, stdout } = await operator.run(
      "restore",
      "bare.sql",
      "--to",
      "from_file",
      "--job",
      "database",
    );
    assert.equal(code, 0);
    assert.match(stdout, /hash could not be checked/);
    assert.equal(await server.psql("select count(*) from ledger", "from_file"), "500");
  });

  test("an archive of the custom format goes there and back", async () => {
    const { document } = await operator.json("run", "packed");
    assert.equal(document.runs[0].outcome, "complete");
    assert.equal((await operator.run("verify", document.runs[0].backup.id, "--level", "read")).code, 0);
    assert.equal((await operator.run("restore", document.runs[0].backup.id, "--to", "from_archive")).code, 0);
    assert.equal(await server.psql("select count(*) from ledger", "from_archive"), "500");
  });

  test("the password stands in no output, log or file of ours", async () => {
    await operator.run("-v", "run", "packed");
    const secret = server.password ?? "";
    const shown = await operator.run("config", "show", "--effective");
    assert.ok(!shown.stdout.includes(secret));
    for (const directory of ["state", "state/logs", "backups"]) {
      for (const name of readdirSync(operator.path(directory))) {
        const path = operator.path(directory, name);
        if (statSync(path).isFile()) assert.ok(!readFileSync(path, "latin1").includes(secret), path);
      }
    }
  });

  test("when the server is gone, a run leaves nothing and says what is left to restore", async () => {
    const before = readdirSync(operator.path("backups"));
    await server.stop();
    const { code, stdout, stderr } = await operator.run("run", "database");
    assert.equal(code, 1);
    assert.equal(stdout, "");
    const [message, hint, left] = stderr.trimEnd().split("\n");
    assert.match(String(message), /^Cannot /);
    assert.match(String(hint), /^ {2}\S/);
    assert.match(
      String(left),
      new RegExp(`^ {2}Nothing was written\\. The newest good backup is ${backup} \\(read, .* old\\)\\.$`),
    );
    assert.deepEqual(readdirSync(operator.path("backups")), before);
    const status = await operator.run("status");
    assert.equal(status.code, 6);
  });
});
