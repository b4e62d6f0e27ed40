import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Failure } from "../../src/domain/failure.ts";
import type { FailureCode } from "../../src/domain/failure-table.ts";
import type { PostgresSource } from "../../src/domain/jobs/source.ts";
import { Secret } from "../../src/domain/secret.ts";
import { type Clock, createSystemClock } from "../../src/platform/clock.ts";
import { freePort, type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { clientPrograms } from "./client-programs.ts";
import { postgresRoom, quiet, sourceOf } from "./postgres-at.ts";

let server: PostgresTestServer;
let guarded: PostgresTestServer;

before(async () => {
  server = await startPostgres();
  guarded = await startPostgres({ auth: "scram", tcp: true });
});

after(async () => {
  await server.stop();
  await guarded.stop();
});

async function failureOf(source: PostgresSource, database = "postgres"): Promise<Failure> {
  const room = postgresRoom();
  try {
    await (await room.connect(source, database, { label: "test", signal: quiet() })).close();
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return error;
  }
  throw new Error("the login succeeded");
}

async function assertFails(code: FailureCode, source: PostgresSource, database?: string): Promise<Failure> {
  const failure = await failureOf(source, database);
  assert.equal(failure.code, code, failure.message);
  assert.ok(failure.hint !== null, "every failure names a way out");
  return failure;
}

test("databases are reached whatever their name looks like", async () => {
  const room = postgresRoom();
  for (const name of [
    "a=b",
    "postgres://elsewhere/x",
    "host=nowhere user=x",
    'it\'s \\ "odd" ',
    "Ünï",
    "-x",
  ]) {
    await server.psql(`CREATE DATABASE "${name.replaceAll('"', '""')}" TEMPLATE template0`);
    const found = await room.connect(sourceOf(server), name, { label: "test", signal: quiet() });
    assert.ok((await found.listDatabases()).includes(name));
    assert.ok((await found.sizeOf(name)) > 1_000_000);
    const snapshot = await found.openSnapshot(name, { lockWaitMs: 1000, onBlockedDdl: "wait" }, quiet());
    assert.match((await snapshot.dumpHeader()).text.toString("utf8"), /^CREATE DATABASE /m);
    const dump = await snapshot.startDump("sql");
    assert.equal((await room.readDump(dump.stream, { signal: quiet() })).isComplete, true);
    assert.deepEqual(await dump.finish(), []);
    assert.match((await found.dumpGlobals()).text.toString("utf8"), /^CREATE ROLE codex;/m);
    await snapshot.close();
    await found.close();
  }
});

test("the operator's libpq variables decide nothing", async () => {
  const env = { PATH: process.env.PATH ?? "", PGUSER: "nobody", PGDATABASE: "x", PGOPTIONS: "-c nonsense=1" };
  const source = sourceOf(server);
  const found = await postgresRoom({ env }).connect(source, "postgres", { label: "t", signal: quiet() });
  assert.equal(found.facts.isSuperuser, true);
  await found.close();
});

test("passwords of all printable ASCII log in over TCP", async () => {
  const password = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => index + 32));
  await guarded.psql(`CREATE ROLE ascii LOGIN PASSWORD '${password.replaceAll("'", "''")}'`);
  const source = sourceOf(guarded, { host: "127.0.0.1", user: "ascii", password: new Secret(password) });
  const found = await postgresRoom().connect(source, "postgres", { label: "test", signal: quiet() });
  assert.equal(found.facts.isSuperuser, false);
  const globals = await found.dumpGlobals();
  assert.match(globals.warnings.join(), /without their passwords/);
  assert.doesNotMatch(globals.text.toString("utf8"), /SCRAM-SHA-256/);
  await found.close();
});

test("a wrong or missing password, role, database or server is told apart", async () => {
  const tcp = sourceOf(guarded, { host: "127.0.0.1" });
  const wrong = await assertFails("postgres.login", { ...tcp, password: new Secret("wrong-canary") });
  assert.doesNotMatch(JSON.stringify([wrong.message, wrong.hint, wrong.context]), /canary/);
  await assertFails("postgres.login", { ...tcp, password: null });
  await assertFails("postgres.login", sourceOf(server, { user: "nobody" }));
  const missing = await assertFails("postgres.database-missing", sourceOf(server), "no such");
  assert.match(missing.message, /"no such"/);
  await assertFails("postgres.unreachable", sourceOf(server, { port: await freePort() }));
  await assertFails("postgres.unreachable", { ...tcp, port: await freePort() });
});

test("a missing database is recognised although the server speaks another language", async () => {
  const psql = `exec "$REAL" "$@" 2> >(sed 's/FATAL.*/FATAL: Datenbank existiert nicht/' >&2)`;
  const clientDirectory = clientPrograms(server, { psql });
  await assertFails("postgres.database-missing", sourceOf(server, { clientDirectory }), "gibt es nicht");
});

test("a pooler that drops our settings on the way is not backed up through", async () => {
  const psql = `exec "$REAL" "\${@/codex_backup.token=/codex_backup.other=}"`;
  await assertFails(
    "postgres.pooler",
    sourceOf(server, { clientDirectory: clientPrograms(server, { psql }) }),
  );
});

test("a pooler that refuses our settings is recognised by its own words", async () => {
  const psql = `echo 'psql: error: connection to server failed: FATAL:  unsupported startup parameter: options' >&2; exit 2`;
  await assertFails(
    "postgres.pooler",
    sourceOf(server, { clientDirectory: clientPrograms(server, { psql }) }),
  );
});

test("a client older than the server is refused before anything is dumped", async () => {
  const pgDump = `if [ "$1" = --version ]; then echo 'pg_dump (PostgreSQL) 14.9'; else exec "$REAL" "$@"; fi`;
  const clientDirectory = clientPrograms(server, { pg_dump: pgDump });
  const failure = await assertFails("postgres.client-too-old", sourceOf(server, { clientDirectory }));
  assert.match(
    failure.message,
    /^Cannot dump "postgres": pg_dump 14\.9 cannot read a server of version 1\d\.\d+$/,
  );
  assert.match(failure.hint ?? "", /postgres\.container, or install postgresql-client-1\d/);
});

test("a pg_dump that is something else, or cannot run, is not used", async () => {
  for (const script of ["echo 'BusyBox v1.36'", "echo 'libpq.so.5: cannot open' >&2; exit 1"]) {
    const clientDirectory = clientPrograms(server, { pg_dump: script });
    const failure = await assertFails("postgres.client-unfit", sourceOf(server, { clientDirectory }));
    assert.match(failure.message, /not PostgreSQL's pg_dump|libpq/);
  }
});

test("a server that is starting up is waited for", async () => {
  const psql = `if [ -e "$HERE/started" ]; then exec "$REAL" "$@"; fi
touch "$HERE/started"; echo 'psql: error: FATAL:  the database system is starting up' >&2; exit 2`;
  const ready = `echo 'x - rejecting connections'; exit 1`;
  const clientDirectory = clientPrograms(server, { psql, pg_isready: ready });
  const system = createSystemClock();
  const waits: number[] = [];
  const clock: Clock = {
    ...system,
    after(delayMs, call) {
      waits.push(delayMs);
      return system.after(delayMs === 2000 ? 0 : delayMs, call);
    },
  };
  const source = sourceOf(server, { clientDirectory });
  const found = await postgresRoom({ clock }).connect(source, "postgres", { label: "t", signal: quiet() });
  assert.ok(waits.includes(2000));
  await found.close();
});

test("a database that this role may not enter is a matter of login, not missing", async () => {
  await server.psql(
    "CREATE DATABASE private; REVOKE CONNECT ON DATABASE private FROM PUBLIC; CREATE ROLE guest LOGIN",
  );
  const failure = await assertFails("postgres.login", sourceOf(server, { user: "guest" }), "private");
  assert.match(failure.hint ?? "", /GRANT CONNECT/);
});

test("a full server is told as such", async () => {
  const small = await startPostgres({
    settings: { max_connections: "4", superuser_reserved_connections: "3" },
  });
  await small.psql("CREATE ROLE app LOGIN");
  const room = postgresRoom();
  const held = await room.connect(sourceOf(small), "postgres", { label: "held", signal: quiet() });
  const open = await held.openSnapshot("postgres", { lockWaitMs: 1000, onBlockedDdl: "wait" }, quiet());
  await assertFails("postgres.too-many-connections", sourceOf(small, { user: "app" }));
  await open.close();
  await held.close();
  await small.stop();
});

test("programs that are not there are named", async () => {
  const failure = await assertFails(
    "postgres.client-missing",
    sourceOf(server, { clientDirectory: "/nope" }),
  );
  assert.match(failure.message, /psql/);
});

test("no password is visible in any process's arguments while a dump runs", async () => {
  const source = sourceOf(guarded);
  const found = await postgresRoom().connect(source, "postgres", { label: "argv", signal: quiet() });
  const snapshot = await found.openSnapshot("postgres", { lockWaitMs: 1000, onBlockedDdl: "wait" }, quiet());
  const dump = await snapshot.startDump("sql");
  const lines = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        return ""; // it has just ended
      }
    });
  const ours = lines.filter((line) => line.includes("argv/"));
  assert.ok(ours.length >= 2, "psql and pg_dump are to be seen");
  assert.ok(!ours.some((line) => line.includes(guarded.password ?? "?")));
  dump.stream.resume();
  await dump.finish();
  await snapshot.close();
  await found.close();
});
