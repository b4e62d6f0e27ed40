import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import type { ProofDump } from "../../src/postgres/postgres.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { postgresRoom, sourceOf } from "./postgres-at.ts";
import { assertEqual, type Backup, dumpOf, takeBackup, wishFor, withThrowaway } from "./throwaway-scene.ts";

// What pg_restore gets wrong when it writes by itself, unless it is told otherwise.
const room = postgresRoom();
const workPath = temporaryDirectory("throwaway-direct");
let source: PostgresTestServer;
let backup: Backup;

before(async () => {
  source = await startPostgres({ settings: { wal_level: "logical" } });
  await source.psql(`CREATE DATABASE direct TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`);
  await source.psql(
    `SET client_encoding = 'UTF8';
     -- Rows that do not fit leave room behind them, which later ones would take.
     CREATE TABLE uneven AS SELECT n, repeat('é', 1 + (n * 7919) % 3000) AS filler FROM generate_series(1, 500) n;
     CREATE FUNCTION told(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'row % is told', $1; RETURN true; END $$;
     CREATE TABLE warned (n int CHECK (public.told(n)));
     INSERT INTO warned VALUES (7);
     CREATE PUBLICATION everything FOR ALL TABLES;
     CREATE SUBSCRIPTION from_far CONNECTION 'host=192.0.2.1 dbname=production connect_timeout=2'
       PUBLICATION p WITH (connect = false);
     SELECT lo_from_bytea(100001, 'a large object');`,
    "direct",
  );
  backup = await takeBackup(room, { source: sourceOf(source), database: "direct", format: "custom" });
});

after(() => source.stop());

test("what pg_restore writes by itself keeps rows in order, letters, warnings, and no subscription", async () => {
  await withThrowaway(room, wishFor(backup, { workPath }), async (throwaway) => {
    const { warnings } = await throwaway.restore(dumpOf(backup));
    assert.deepEqual(warnings, ["row 7 is told"]);
    assert.equal(await throwaway.ask("SELECT count(*) FROM pg_subscription"), "0");
    await assertEqual(backup, throwaway);
  });
});

test("where it fails, the database is made anew and filled through psql, and the receipt tells", async () => {
  const whole = dumpOf(backup);
  const cut = dumpOf(backup, backup.dump.subarray(0, backup.dump.length - 1000));
  const readings = [cut, whole];
  const dump: ProofDump = { ...whole, openDump: () => (readings.shift() ?? whole).openDump() };
  await withThrowaway(room, wishFor(backup, { workPath }), async (throwaway) => {
    const { warnings } = await throwaway.restore(dump);
    assert.match(warnings.at(-1) ?? "", /^Restored through psql: pg_restore by itself failed: .*end of file/);
    await assertEqual(backup, throwaway);
  });
});

/** The archive with other words of the same length in it. */
function changed(from: string, to: string): Buffer {
  const at = backup.dump.lastIndexOf(from);
  assert.ok(at > 0 && to.length <= from.length, from);
  const bytes = Buffer.from(backup.dump);
  bytes.write(to.padEnd(from.length), at, "latin1");
  return bytes;
}

test("other bytes, a cut archive and a command for psql are told as what they are", async () => {
  const cases: readonly (readonly [ProofDump, object])[] = [
    [
      { ...dumpOf(backup, changed("499\t", "498\t")), expected: dumpOf(backup).expected },
      { code: "postgres.dump-unreadable", context: { isOtherBytes: true } },
    ],
    [
      dumpOf(backup, backup.dump.subarray(0, backup.dump.length / 2)),
      { code: "postgres.dump-unreadable", message: /^Cannot read the archive: .*end of file/ },
    ],
    [
      dumpOf(backup, changed("CREATE TABLE public.warned (", "\\! true\nCREATE TABLE warned(")),
      { code: "postgres.restore-refused" },
    ],
  ];
  for (const [dump, expected] of cases)
    await withThrowaway(room, wishFor(backup, { workPath }), (throwaway) =>
      assert.rejects(throwaway.restore(dump), expected),
    );
});

test("called off while it writes, it ends with the reason and leaves nothing", async () => {
  const off = new AbortController();
  const why = new Error("called off");
  const wish = { ...wishFor(backup, { workPath }), signal: off.signal };
  await withThrowaway(room, wish, async (throwaway) => {
    const dump = { ...dumpOf(backup), onProgress: () => off.abort(why) };
    await assert.rejects(throwaway.restore(dump), why);
  });
  assert.deepEqual(readdirSync(workPath), []);
});
