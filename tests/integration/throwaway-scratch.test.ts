import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ThrowawayChoice } from "../../src/domain/jobs/prove-settings.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { postgresRoom, quiet, sourceOf } from "./postgres-at.ts";
import { assertEqual, type Backup, dumpOf, takeBackup, wishFor, withThrowaway } from "./throwaway-scene.ts";

const room = postgresRoom();
const workPath = temporaryDirectory("throwaway-scratch");
let source: PostgresTestServer;
let scratch: PostgresTestServer;
let backup: Backup;

const choice = (): ThrowawayChoice => ({ kind: "scratch", source: sourceOf(scratch) });
const wish = () => wishFor(backup, { workPath, choice: choice() });
const sweep = () => room.sweepThrowaways({ choice: choice(), source: null, workPath, signal: quiet() });

before(async () => {
  source = await startPostgres();
  const settings = { max_locks_per_transaction: "10", max_connections: "10" };
  scratch = await startPostgres({ user: "their_admin", ownIdentity: true, settings });
  await source.psql(`
    CREATE ROLE app LOGIN PASSWORD 'of the source';
    CREATE ROLE shared LOGIN PASSWORD 'of the source';
    SET allow_in_place_tablespaces = on;
    CREATE TABLESPACE fast LOCATION '';
    CREATE DATABASE ledger OWNER app TABLESPACE fast;`);
  await source.psql(
    `CREATE TABLE entry AS SELECT n FROM generate_series(1, 1000) n;
     ALTER TABLE entry OWNER TO shared;
     CREATE INDEX ON entry (n) TABLESPACE pg_default;
     GRANT SELECT ON entry TO app;
     CREATE SUBSCRIPTION from_far CONNECTION 'host=192.0.2.1 dbname=production connect_timeout=2'
       PUBLICATION p WITH (connect = false);`,
    "ledger",
  );
  await scratch.psql("CREATE ROLE shared LOGIN PASSWORD 'theirs'");
  backup = await takeBackup(room, { source: sourceOf(source), database: "ledger" });
});

after(async () => {
  await source.stop();
  await scratch.stop();
});

/** Everything of a server that a proof must not change. */
function stateOf(server: PostgresTestServer): Promise<string> {
  return server.psql(`SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database;
    SELECT string_agg(rolname || coalesce(rolpassword, ''), ',' ORDER BY rolname) FROM pg_authid;
    SELECT string_agg(spcname, ',' ORDER BY spcname) FROM pg_tablespace;
    SELECT count(*) FROM pg_shdescription WHERE classoid <> 'pg_database'::regclass`);
}

test("on a server of somebody else, only what is missing is made, and nothing of it stays", async () => {
  const earlier = await stateOf(scratch);
  await withThrowaway(room, wish(), async (throwaway) => {
    await throwaway.restore(dumpOf(backup));
    await assertEqual(backup, throwaway);
    assert.equal(await throwaway.ask("SELECT current_database() LIKE 'codex\\_proof\\_%'"), "true");
    assert.equal(
      await scratch.psql("SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = 'app'"),
      "f|",
    );
    assert.match(JSON.stringify(throwaway.unproven), /passwords and memberships/);
    assert.match(throwaway.description, /a database on the scratch server$/);
    assert.deepEqual(await sweep(), [], "a proof that lives is not swept away");
  });
  assert.equal(await stateOf(scratch), earlier);
});

test("a restored database is without the subscription, whose publisher is never dialled", async () => {
  assert.equal(backup.facts.fingerprint.objects["CREATE SUBSCRIPTION"], 1);
  await withThrowaway(room, wish(), async (throwaway) => {
    await throwaway.restore(dumpOf(backup));
    assert.equal(await throwaway.ask("SELECT count(*) FROM pg_subscription"), "0");
  });
});

test("what a killed proof left on a scratch server is swept away, subscriptions without their slot", async () => {
  const earlier = await stateOf(scratch);
  const token = "0123456789abcdefghij";
  const database = `codex_proof_${token}`;
  await scratch.psql(`CREATE DATABASE ${database}; CREATE DATABASE codex_proof_of_somebody; BEGIN; CREATE ROLE app;
    COMMENT ON ROLE app IS 'made for a proof by codex-backup: ${token}'; COMMIT;`);
  // With a slot that would have to be dropped at the publisher.
  await scratch.psql(
    `CREATE TABLE mine (); ALTER TABLE mine OWNER TO app;
     CREATE SUBSCRIPTION s CONNECTION 'host=192.0.2.1 connect_timeout=2' PUBLICATION p WITH (connect = false);
     ALTER SUBSCRIPTION s SET (slot_name = 'production_slot');`,
    database,
  );
  assert.deepEqual(await sweep(), [
    `Removed "${database}" from the scratch server: its proof did not end well`,
  ]);
  await scratch.psql("DROP DATABASE codex_proof_of_somebody");
  assert.equal(await stateOf(scratch), earlier);
});

test("a scratch server of another major version is refused before anything is made on it", async () => {
  const earlier = await stateOf(scratch);
  const facts = { ...backup.facts, serverVersionNum: 180_001 };
  await assert.rejects(room.openThrowaway({ ...wish(), facts }), {
    code: "postgres.throwaway",
    message: /it is PostgreSQL \d+\.\d+, and the dump needs 18/,
  });
  assert.equal(await stateOf(scratch), earlier);
});

test("a role without the rights is told to be replaced, and leaves nothing", async () => {
  await scratch.psql("CREATE ROLE visitor LOGIN; CREATE ROLE maker LOGIN CREATEDB CREATEROLE");
  const earlier = await stateOf(scratch);
  for (const user of ["visitor", "maker"]) {
    const choice: ThrowawayChoice = { kind: "scratch", source: { ...sourceOf(scratch), user } };
    await withThrowaway(room, wishFor(backup, { workPath, choice }), (throwaway) =>
      assert.rejects(throwaway.restore(dumpOf(backup)), {
        hint: `Give prove.server a role that is a superuser there: "${user}" is none.`,
      }),
    );
    assert.equal(await stateOf(scratch), earlier, user);
  }
});

test("a dump that does not fit leaves the scratch server as it was", async () => {
  const earlier = await stateOf(scratch);
  const cut = backup.dump.subarray(0, Math.floor(backup.dump.length / 2));
  await withThrowaway(room, wish(), async (throwaway) => {
    await assert.rejects(throwaway.restore(dumpOf(backup, cut)), { code: "postgres.dump-truncated" });
  });
  assert.equal(await stateOf(scratch), earlier);
});

test("where the server's locks do not suffice for one transaction, rows still keep their order, table by table", async () => {
  await source.createDatabase("wide");
  await source.psql(
    `SELECT format('CREATE TABLE t%s (a text UNIQUE, b text UNIQUE, c text UNIQUE)', n) FROM generate_series(1, 150) n \\gexec
     -- Rows that do not fit leave room behind them, which later ones would take.
     CREATE TABLE uneven AS SELECT n, repeat('x', 1 + (n * 7919) % 3000) AS filler FROM generate_series(1, 2000) n;
     CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
     CREATE TABLE hashed (feeling mood) PARTITION BY HASH (feeling);
     CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 1, REMAINDER 0);
     INSERT INTO hashed SELECT (enum_range(NULL::mood))[1 + n % 3] FROM generate_series(1, 20) n;
     SELECT lo_from_bytea(100001, 'a large object');`,
    "wide",
  );
  const wide = await takeBackup(room, { source: sourceOf(source), database: "wide" });
  await withThrowaway(room, wishFor(wide, { workPath, choice: choice() }), async (throwaway) => {
    const { warnings } = await throwaway.restore(dumpOf(wide));
    assert.deepEqual(warnings, [
      "Restored table by table: the server's locks do not suffice for one transaction",
    ]);
    await assertEqual(wide, throwaway);
  });
});
