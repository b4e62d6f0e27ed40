import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../../src/domain/failure.ts";
import type { FailureCode } from "../../src/domain/failure-table.ts";
import type { PostgresSource } from "../../src/domain/jobs/source.ts";
import { startChild } from "../../src/platform/child.ts";
import type { PostgresServer, Snapshot } from "../../src/postgres/postgres.ts";
import { loadAwkward } from "../fixtures/awkward.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { clientPrograms } from "./client-programs.ts";
import { limits, postgresRoom, quiet, sourceOf } from "./postgres-at.ts";

let server: PostgresTestServer;
const room = postgresRoom();

before(async () => {
  server = await startPostgres();
  await loadAwkward(server);
  // A registered configuration table with a condition, one without, and a member that is not registered.
  await server.psql(
    `CREATE TABLE public.config_some (id int, note text); INSERT INTO public.config_some VALUES (1, 'a'), (2, 'b');
     CREATE TABLE public.config_all (id int); INSERT INTO public.config_all VALUES (7);
     CREATE TABLE public.member (id int); INSERT INTO public.member VALUES (1);
     ALTER EXTENSION hstore ADD TABLE public.config_some; ALTER EXTENSION hstore ADD TABLE public.config_all;
     ALTER EXTENSION hstore ADD TABLE public.member;
     UPDATE pg_extension SET extconfig = ARRAY['public.config_some'::regclass, 'public.config_all'::regclass]::oid[],
       extcondition = ARRAY['WHERE id > 1', ''] WHERE extname = 'hstore'`,
    "awkward",
  );
});

const leftOpen = new Set<Pick<Snapshot, "close">>();

// Also after a test that failed half-way: a psql that is still open would keep this process alive.
after(async () => {
  for (const one of leftOpen) await one.close();
  await server.stop();
});

interface Opened {
  readonly found: PostgresServer;
  readonly snapshot: Snapshot;
}

async function open(database: string, other: Partial<PostgresSource> = {}, label = "test"): Promise<Opened> {
  const found = await room.connect(sourceOf(server, other), database, { label, signal: quiet() });
  leftOpen.add(found);
  const snapshot = await found.openSnapshot(database, limits, quiet());
  leftOpen.add(snapshot);
  return { found, snapshot };
}

async function close(opened: Opened): Promise<void> {
  await opened.snapshot.close();
  await opened.found.close();
}

async function assertFails(code: FailureCode, doing: Promise<unknown>): Promise<Failure> {
  const failure = await doing.then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(failure instanceof Failure, String(failure));
  assert.equal(failure.code, code, failure.message);
  return failure;
}

const nameOf = (table: { readonly schema: string; readonly name: string }) => `${table.schema}.${table.name}`;

for (const format of ["sql", "custom"] as const) {
  test(`the dumpable tables are exactly the COPY targets of a ${format} dump of an awkward database`, async () => {
    const opened = await open("awkward");
    const dump = await opened.snapshot.startDump(format);
    const source = sourceOf(server);
    const text =
      format === "sql"
        ? dump.stream
        : await room.archiveText(source, dump.stream, { label: "t", signal: quiet() });
    const read = await room.readDump(text, { signal: quiet() });
    assert.deepEqual(await dump.finish(), []);
    assert.equal(read.isComplete, true);
    const dumpable = opened.snapshot.dumpable.map(nameOf).sort();
    assert.deepEqual(read.fingerprint.tables.map(nameOf).sort(), dumpable);
    assert.ok(dumpable.includes("public.config_some") && !dumpable.includes("public.member"));
    assert.deepEqual(
      read.fingerprint.tables.filter((table) => table.blocks > 1).map(nameOf),
      opened.snapshot.dumpable.filter((table) => table.loadsViaRoot).map(nameOf),
    );
    await close(opened);
  });
}

test("an independent read of every table gives the fingerprint of the dump, byte for byte", async () => {
  const opened = await open("awkward");
  const dump = await opened.snapshot.startDump("sql");
  const read = await room.readDump(dump.stream, { signal: quiet() });
  await dump.finish();
  const tables = await opened.snapshot.fingerprintTables();
  assert.ok(tables.length > 40);
  assert.deepEqual(tables, read.fingerprint.tables);
  await close(opened);
});

test("what a dump cannot hold is listed with the reason", async () => {
  const opened = await open("awkward");
  const { facts } = opened.snapshot;
  const reasons = new Map(facts.leftOut.map((one) => [one.object, one.reason]));
  assert.match(reasons.get("foreign table public.far_table") ?? "", /another server/);
  assert.match(reasons.get("table public.member") ?? "", /does not register/);
  assert.match(reasons.get("table public.config_some") ?? "", /WHERE id > 1/);
  assert.equal(reasons.has("table public.config_all"), false);
  assert.deepEqual(
    ["awkward_owner", "awkward reader", "Schreiberïn", 'awkward"quote', "codex"].filter(
      (role) => !facts.roles.includes(role),
    ),
    [],
  );
  assert.equal(facts.encoding, "UTF8");
  assert.match(facts.snapshot.lsn, /^[0-9A-F]+\/[0-9A-F]+$/);
  await close(opened);
});

test("the header holds every statement about the database that a whole --create dump has, and nothing else", async () => {
  const opened = await open("awkward");
  const header = (await opened.snapshot.dumpHeader()).text.toString("utf8");
  const statements = (text: string) =>
    text.split("\n").filter((line) => /^(ALTER|CREATE|GRANT|REVOKE|COMMENT|SECURITY)\b/.test(line));
  const { runProgram } = await import("../servers/run-program.ts");
  const whole = await runProgram([`${server.binDirectory}/pg_dump`, "--create", "--schema-only", "awkward"], {
    env: { ...server.env, PGOPTIONS: "-c bytea_output=hex -c timezone=UTC" },
  });
  const aboutDatabase = statements(whole).filter((line) => /\bDATABASE\b/.test(line));
  assert.ok(aboutDatabase.length >= 12);
  assert.deepEqual(statements(header), aboutDatabase);
  await close(opened);
});

test("the dump can be handed to another program late, and no byte is lost", async () => {
  const opened = await open("awkward");
  const direct = await opened.snapshot.startDump("custom");
  const read = await room.readDump(
    await room.archiveText(sourceOf(server), direct.stream, { label: "t", signal: quiet() }),
    { signal: quiet() },
  );
  const handed = await opened.snapshot.startDump("custom");
  await delay(50); // the event loop turns: Node would have read the head of an ordinary child's stdout
  const env = { PATH: process.env.PATH ?? "" };
  const cat = await startChild({ program: "cat", args: [], env, stdin: handed.stream, stdout: "pipe" });
  handed.stream.destroy();
  assert.ok(cat.stdout);
  const again = await room.readDump(
    await room.archiveText(sourceOf(server), cat.stdout, { label: "t", signal: quiet() }),
    { signal: quiet() },
  );
  assert.deepEqual(again.fingerprint, read.fingerprint);
  await handed.finish();
  await close(opened);
});

test("a table cannot be truncated or dropped between the snapshot and the dump", async () => {
  await server.psql("CREATE TABLE public.kept AS SELECT generate_series(1, 1000) AS id", "postgres");
  const opened = await open("postgres");
  for (const ddl of ["TRUNCATE public.kept", "DROP TABLE public.kept"]) {
    await assert.rejects(server.psql(`SET lock_timeout = '50ms'; ${ddl}`), /lock timeout/);
  }
  const dump = await opened.snapshot.startDump("sql");
  const read = await room.readDump(dump.stream, { signal: quiet() });
  await dump.finish();
  assert.equal(read.fingerprint.tables.find((table) => table.name === "kept")?.rows, 1000);
  await close(opened);
});

test("DDL that queues before pg_dump has its locks is a standstill, seen at once and not after the lock timeout", async () => {
  const found = await room.connect(sourceOf(server), "postgres", { label: "stuck", signal: quiet() });
  leftOpen.add(found);
  const snapshot = await found.openSnapshot(
    "postgres",
    { lockWaitMs: 60_000, onBlockedDdl: "wait" },
    quiet(),
  );
  const ddl = server.psql("ALTER TABLE public.kept ADD note text", "postgres");
  await untilBlocked();
  const dump = await snapshot.startDump("sql");
  const failure = await assertFails("postgres.ddl-blocked", snapshot.broken);
  assert.match(failure.message, /pg_dump waits behind .*ALTER TABLE public\.kept ADD note/);
  await dump.cancel();
  await close({ found, snapshot });
  await ddl;
});

async function untilBlocked(waiters = 1): Promise<void> {
  const waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
  for (let attempt = 0; attempt < 300; attempt++) {
    if (Number(await server.psql(waiting)) >= waiters) return;
    await delay(10);
  }
  throw new Error("nobody waits");
}

test("an independent read that queues behind waiting DDL ends instead of waiting for ever", async () => {
  const opened = await open("postgres", {}, "reader");
  const ddl = server.psql("ALTER TABLE public.kept ADD more text", "postgres");
  await untilBlocked();
  await assertFails("postgres.ddl-blocked", opened.snapshot.fingerprintTables());
  const left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'reader/copy'";
  assert.equal(await server.psql(left), "0");
  await close(opened);
  await ddl;
});

test("a TRUNCATE or DROP between the list and the locks ends in a snapshot of what is there then", async () => {
  await server.psql("CREATE DATABASE race TEMPLATE template0");
  const make = "CREATE TABLE emptied AS SELECT generate_series(1, 5) AS id; CREATE TABLE gone (id int)";
  await server.psql(make, "race");
  const gate = server.psql(
    "SET application_name = 'gate'; SELECT pg_advisory_lock(1), pg_sleep(600)",
    "race",
  );
  gate.catch(() => {}); // it is terminated below
  const sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
  for (let attempt = 0; attempt < 300 && (await server.psql(sleeping)) === "0"; attempt++) await delay(10);
  const changing = server.psql(
    `BEGIN; LOCK TABLE emptied, gone; SELECT pg_advisory_lock(1);
     TRUNCATE emptied; INSERT INTO emptied VALUES (8), (9); DROP TABLE gone; CREATE TABLE fresh (id int); COMMIT`,
    "race",
  );
  await untilBlocked();
  const opening = open("race");
  await untilBlocked(2); // the list is read; LOCK TABLE waits
  await server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gate'");
  await changing;
  const opened = await opening;
  assert.deepEqual(
    opened.snapshot.dumpable.map((table) => table.name),
    ["emptied", "fresh"],
  );
  const dump = await opened.snapshot.startDump("sql");
  const read = await room.readDump(dump.stream, { signal: quiet() });
  await dump.finish();
  assert.deepEqual(
    read.fingerprint.tables.map((table) => [table.name, table.rows]),
    [
      ["emptied", 2],
      ["fresh", 0],
    ],
  );
  await close(opened);
});

test("a lock that is not got in time names the table and who holds it", async () => {
  const blocker = server.psql("BEGIN; LOCK TABLE public.kept; SELECT pg_sleep(20)", "postgres");
  blocker.catch(() => {}); // it is terminated below
  const held = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted";
  for (let attempt = 0; attempt < 200 && (await server.psql(held)) === "0"; attempt++) await delay(10);
  const found = await room.connect(sourceOf(server), "postgres", { label: "t", signal: quiet() });
  const failure = await assertFails(
    "postgres.lock-timeout",
    found.openSnapshot("postgres", { lockWaitMs: 200, onBlockedDdl: "wait" }, quiet()),
  );
  assert.match(failure.message, /public\.kept is locked by process \d+ \(codex/);
  await server.psql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)'",
  );
  await found.close();
});

test("a role that may not read everything is told what is missing before anything is dumped", async () => {
  await server.psql("CREATE ROLE reader LOGIN");
  const found = await room.connect(sourceOf(server, { user: "reader" }), "awkward", {
    label: "t",
    signal: quiet(),
  });
  const failure = await assertFails("postgres.permission", found.openSnapshot("awkward", limits, quiet()));
  assert.match(failure.hint ?? "", /GRANT pg_read_all_data TO "reader"/);
  assert.match(failure.hint ?? "", /GRANT SELECT ON LARGE OBJECT/);
  await server.psql(
    "CREATE SEQUENCE lonely; GRANT pg_read_all_data TO reader; GRANT USAGE ON SCHEMA public TO reader",
  );
  await found.close();
});

test("a role that row security applies to is refused, since rows would be missing", async () => {
  await server.psql(`CREATE DATABASE secured TEMPLATE template0`);
  await server.psql(
    `CREATE TABLE secret (id int); INSERT INTO secret VALUES (1); ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
     CREATE ROLE limited LOGIN; GRANT pg_read_all_data TO limited`,
    "secured",
  );
  const found = await room.connect(sourceOf(server, { user: "limited" }), "secured", {
    label: "t",
    signal: quiet(),
  });
  const failure = await assertFails("postgres.row-security", found.openSnapshot("secured", limits, quiet()));
  assert.match(failure.message, /public\.secret/);
  await server.psql("ALTER ROLE limited BYPASSRLS");
  const snapshot = await found.openSnapshot("secured", limits, quiet());
  await close({ found, snapshot });
});

test("a sequence that the role may not read is found before the dump", async () => {
  await server.psql("CREATE DATABASE counted TEMPLATE template0");
  await server.psql("CREATE SEQUENCE next_one; CREATE ROLE counter LOGIN", "counted");
  const found = await room.connect(sourceOf(server, { user: "counter" }), "counted", {
    label: "t",
    signal: quiet(),
  });
  const failure = await assertFails("postgres.permission", found.openSnapshot("counted", limits, quiet()));
  assert.match(failure.message, /sequence public\.next_one/);
  await found.close();
});

test("DDL that queues behind the dump is seen, and with abort it breaks the snapshot", async () => {
  const found = await room.connect(sourceOf(server), "postgres", { label: "watching", signal: quiet() });
  const snapshot = await found.openSnapshot("postgres", { lockWaitMs: 1000, onBlockedDdl: "abort" }, quiet());
  const ddl = server.psql(
    "SET application_name = 'migration'; ALTER TABLE public.kept ADD mark text",
    "postgres",
  );
  const failure = await assertFails("postgres.ddl-blocked", snapshot.broken);
  assert.match(failure.message, /ALTER TABLE public\.kept ADD mark/);
  assert.equal(snapshot.blockedDdl().length, 1);
  await close({ found, snapshot });
  await ddl;
});

test("a snapshot whose server process is ended is broken", async () => {
  const { found, snapshot } = await open("postgres", {}, "victim");
  await server.psql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim/lock'",
  );
  await assertFails("postgres.session-lost", snapshot.broken);
  await close({ found, snapshot });
});

async function dumpWith(script: string, label = "faulty"): Promise<Opened> {
  const pgDump = `if [ "$1" = --version ]; then exec "$REAL" "$@"; fi\n${script}`;
  return open("awkward", { clientDirectory: clientPrograms(server, { pg_dump: pgDump }) }, label);
}

test("a pg_dump that dies late, or by a signal, has failed", async () => {
  for (const script of ['"$REAL" "$@"; exit 3', '"$REAL" "$@" | head -c 20000; kill -9 $$']) {
    const opened = await dumpWith(script);
    const dump = await opened.snapshot.startDump("sql");
    await room.readDump(dump.stream, { signal: quiet() });
    await assertFails("postgres.dump-failed", dump.finish());
    await close(opened);
  }
});

test("a pg_dump that complains and exits with 0 is not trusted", async () => {
  const opened = await dumpWith('"$REAL" "$@"; echo "pg_dump: error: could not read a thing" >&2; exit 0');
  const dump = await opened.snapshot.startDump("sql");
  await room.readDump(dump.stream, { signal: quiet() });
  const failure = await assertFails("postgres.dump-stderr", dump.finish());
  assert.match(failure.message, /could not read a thing/);
  await close(opened);
});

test("a hung pg_dump is ended with everything it started, here and on the server", async () => {
  const opened = await dumpWith(
    `trap '' TERM
"${server.binDirectory}/psql" -X "\${@: -1}" -c 'select pg_sleep(600)' & wait; sleep 600`,
    "hung",
  );
  const dump = await opened.snapshot.startDump("sql");
  const sleeping = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hung/dump'";
  for (let attempt = 0; attempt < 300 && (await server.psql(sleeping)) === "0"; attempt++) await delay(10);
  assert.equal(await server.psql(sleeping), "1");
  await dump.cancel();
  await dump.cancel();
  assert.equal(await server.psql(sleeping), "0");
  await assertFails("postgres.dump-failed", dump.finish());
  await close(opened);
});

test("an aborted run ends at once with the reason it was given", async () => {
  const stop = new AbortController();
  const found = await room.connect(sourceOf(server), "awkward", { label: "aborted", signal: stop.signal });
  const snapshot = await found.openSnapshot("awkward", limits, stop.signal);
  const dump = await snapshot.startDump("sql");
  const reason = new Failure("run.cancelled", "Cannot finish the run: it was cancelled");
  stop.abort(reason);
  await assertFails("run.cancelled", dump.finish());
  await dump.cancel();
  await close({ found, snapshot });
  assert.equal(await found.terminateOurs(), true);
  const left = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'aborted/%'";
  assert.equal(await server.psql(left), "0");
});

test("terminateOurs ends all of one label and none of another", async () => {
  const mine = await open("postgres", {}, "run-1");
  const other = await open("postgres", {}, "run-12");
  assert.equal(await mine.found.terminateOurs(), true);
  const left = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'run-1%/%'";
  assert.equal(await server.psql(left), "2");
  await close(mine);
  await close(other);
});
