import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadAwkward } from "../fixtures/awkward.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { postgresRoom, sourceOf } from "./postgres-at.ts";
import { assertEqual, type Backup, dumpOf, takeBackup, wishFor, withThrowaway } from "./throwaway-scene.ts";

const room = postgresRoom();
/** Closed to everybody but us, as a state directory is; and longer than a socket's address may be. */
const closed = temporaryDirectory("throwaway");
const workPath = join(closed, "x".repeat(90), "work");
let source: PostgresTestServer;
let plain: Backup;

before(async () => {
  chmodSync(closed, 0o700);
  mkdirSync(workPath, { recursive: true });
  source = await startPostgres({ settings: { wal_level: "logical" } });
  await loadAwkward(source);
  plain = await takeBackup(room, { source: sourceOf(source), database: "awkward" });
});

after(() => source.stop());

for (const format of ["sql", "custom"] as const) {
  test(`a ${format} dump of an awkward database dumps back equal, object by object`, async () => {
    const backup =
      format === "sql"
        ? plain
        : await takeBackup(room, { source: sourceOf(source), database: "awkward", format });
    await withThrowaway(room, wishFor(backup, { workPath }), async (throwaway) => {
      await throwaway.restore(dumpOf(backup));
      await assertEqual(backup, throwaway);
      assert.deepEqual(throwaway.unproven, []);
      assert.match(throwaway.description, /^PostgreSQL \d+\.\d+, programs of this host$/);
    });
    assert.deepEqual(readdirSync(workPath), []);
  });
}

// The psql of this test has the trap too, so it is given the names in quotes; pg_dump writes them without.
// In German phone books, "Ärger" stands before "Ali" but after "Adam"; by bytes it comes after everything.
const difficult = `
  ALTER DATABASE difficult SET bytea_output = 'escape';
  ALTER DATABASE difficult SET search_path = 'begin', public;
  CREATE TABLESPACE inside LOCATION '';
  ALTER ROLE codex SET search_path = nowhere;
  \\c difficult
  CREATE SCHEMA begin;
  CREATE FUNCTION "begin"."begin"() RETURNS integer LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION "begin".atomic("begin" integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT "begin"."begin"() + atomic."begin"; END;
  CREATE TABLE begin.people (name text, photo bytea) PARTITION BY RANGE (name);
  CREATE TABLE begin.low PARTITION OF begin.people FOR VALUES FROM (MINVALUE) TO ('Ali');
  CREATE TABLE begin.high PARTITION OF begin.people FOR VALUES FROM ('Ali') TO (MAXVALUE) TABLESPACE inside;
  INSERT INTO begin.people VALUES ('Adam', '\\x00ff'), ('Ärger', '\\x5c'), ('Berta', '');
  CREATE TABLE public.here (name text DEFAULT current_database() CHECK (name = current_database()));
  INSERT INTO public.here DEFAULT VALUES;
  CREATE SEQUENCE public.counter;
  CREATE FUNCTION "begin".at_login() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'never here'; END $$;
  CREATE EVENT TRIGGER before_everything ON ddl_command_start EXECUTE FUNCTION begin.at_login();`;

async function makeDifficult(): Promise<Backup> {
  await source.psql(
    `CREATE DATABASE difficult TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-u-co-phonebk' LOCALE 'C.UTF-8';`,
  );
  await source.psql(`SET allow_in_place_tablespaces = on; ${difficult}`);
  return takeBackup(room, { source: sourceOf(source), database: "difficult" });
}

test("an ICU-collated range partition, a schema named begin and a tablespace come back equal", async () => {
  const backup = await makeDifficult();
  // Set on the source while its library was there.
  const preloading = "ALTER DATABASE difficult SET session_preload_libraries = 'there_is_no_such_library';";
  const header = Buffer.from(backup.header.toString().replace("\n\\connect", `\n${preloading}\n\\connect`));
  assert.notEqual(header.length, backup.header.length);
  await withThrowaway(room, { ...wishFor(backup, { workPath }), header }, async (throwaway) => {
    await throwaway.restore(dumpOf(backup));
    await assertEqual(backup, throwaway);
    assert.match(JSON.stringify(throwaway.unproven), /tablespaces.*inside the throwaway server/);
    assert.equal(await throwaway.ask("SELECT name FROM here;"), "difficult");
    assert.equal(
      await throwaway.ask("SELECT current_setting('search_path') -- as the database says"),
      "begin, public",
    );
    assert.equal(await throwaway.ask("SELECT true, 1"), "true");
    assert.equal(await throwaway.ask("SELECT 1 WHERE false"), null);
    for (const sql of [
      "SELECT generate_series(1, 2)",
      "SELECT 1; SELECT 2",
      "SELECT 1 \\! id\n",
      "SELECT nothing",
    ])
      await assert.rejects(throwaway.ask(sql), { code: "postgres.query" }, sql);
    await assert.rejects(throwaway.ask("SELECT nextval('public.counter')"), { code: "postgres.query" });
  });
});

test("more tables and large objects than the default table of locks has room for fit into one transaction", async () => {
  await source.createDatabase("many");
  await source.psql(
    `SELECT format('CREATE TABLE public.t%s (a text UNIQUE, b text UNIQUE, c text UNIQUE, d text UNIQUE)', n)
       FROM generate_series(1, 600) AS n \\gexec
     SELECT count(lo_create(n)) FROM generate_series(100001, 100600) AS n;`,
    "many",
  );
  const backup = await takeBackup(room, { source: sourceOf(source), database: "many" });
  await withThrowaway(room, wishFor(backup, { workPath }), async (throwaway) => {
    await throwaway.restore(dumpOf(backup));
    await assertEqual(backup, throwaway);
  });
});

test("an old dump without roles beside it is restored with those that it names", async () => {
  const old: Backup = {
    ...plain,
    facts: { ...plain.facts, roles: [], databaseSizeBytes: 0, extensions: [] },
  };
  const wish = { ...wishFor(old, { workPath }), globals: null, header: null };
  await withThrowaway(room, wish, async (throwaway) => {
    await throwaway.restore(dumpOf(old));
    await assertEqual(old, throwaway);
    assert.deepEqual(
      throwaway.unproven.map(({ object }) => object),
      ["roles"],
    );
  });
});

test("a container engine that is not here is the error, and leaves no directory", async () => {
  const bare = postgresRoom({ env: { PATH: "/nonexistent" } });
  const choice = { kind: "container", engine: "podman", image: "postgres:15" } as const;
  await assert.rejects(bare.openThrowaway(wishFor(plain, { workPath, choice })), /Cannot start.*podman/);
  assert.deepEqual(readdirSync(workPath), []);
});

test("a proof that is called off leaves no server and no directory", async () => {
  const off = new AbortController();
  const throwaway = await room.openThrowaway({ ...wishFor(plain, { workPath }), signal: off.signal });
  const why = new Error("called off");
  const restoring = throwaway.restore({ ...dumpOf(plain), onProgress: () => off.abort(why) });
  await assert.rejects(restoring, why);
  await throwaway.close();
  assert.deepEqual(readdirSync(workPath), []);
});

test("a configured directory without programs of that version is told, with the package to install", async () => {
  const choice = { kind: "programs", directory: "/opt/no-such-postgres" } as const;
  await assert.rejects(room.openThrowaway(wishFor(plain, { workPath, choice })), {
    code: "postgres.no-server-programs",
    message: /: "\/opt\/no-such-postgres" has no server programs of that version$/,
    hint: /^Install postgresql-\d+,/,
  });
  assert.deepEqual(readdirSync(workPath), []);
});
