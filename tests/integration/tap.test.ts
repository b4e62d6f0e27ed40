import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { describeTable, type TableFingerprint } from "../../src/domain/backups/fingerprint.ts";
import type { ReadDump } from "../../src/postgres/postgres.ts";
import { createDumpFilter, isRestorable } from "../../src/postgres/tap/dump-filter.ts";
import { readDump } from "../../src/postgres/tap/read-dump.ts";
import { loadAwkward } from "../fixtures/awkward.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { runProgram, tryProgram } from "../servers/run-program.ts";

const awkward = readFileSync(join(import.meta.dirname, "../fixtures/awkward-tap.sql"), "utf8");
let server: PostgresTestServer;

before(async () => {
  server = await startPostgres({ settings: { wal_level: "logical" } });
  await server.createDatabase("awkward");
  await server.psql(awkward, "awkward");
  await loadAwkward(server, "shared");
});

after(() => server.stop());

/** The dump's own bytes: it is written to a file, because its encoding need not be ours. */
async function dump(database: string): Promise<Buffer> {
  const file = join(server.socketDirectory, "dump.sql");
  const env = { ...server.env, PGOPTIONS: "-c timezone=UTC -c bytea_output=hex -c lc_monetary=C" };
  await runProgram([join(server.binDirectory, "pg_dump"), "-f", file, database], { env });
  return readFileSync(file);
}

function read(bytes: Buffer, chunkBytes = 1 << 16): Promise<ReadDump> {
  const count = Math.ceil(bytes.length / chunkBytes);
  const chunks = Array.from({ length: count }, (_, i) =>
    bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes),
  );
  return readDump(Readable.from(chunks), { signal: new AbortController().signal });
}

/** Always quoted: "from" is a column of both databases. */
function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The rows as the server itself copies them out, in the table's order and the database's encoding. */
async function copyOut(table: TableFingerprint, database: string): Promise<Buffer> {
  const file = join(server.socketDirectory, "rows");
  const columns = table.columns.map(quote).join(", ");
  const from = `${quote(table.schema)}.${quote(table.name)}`;
  const pins =
    "SET timezone = 'UTC'; SET bytea_output = hex; SET lc_monetary = 'C'; SET extra_float_digits = 3; " +
    "SET intervalstyle = postgres; SET datestyle = ISO;";
  await server.psql(`${pins} COPY (SELECT ${columns} FROM ONLY ${from}) TO '${file}'`, database);
  return readFileSync(file);
}

async function assertRowsEqual(found: ReadDump, database: string): Promise<void> {
  for (const table of found.fingerprint.tables.filter(({ blocks }) => blocks === 1)) {
    const rows = await copyOut(table, database);
    assert.deepEqual(
      { rows: table.rows, bytes: table.bytes, sha256: table.sha256 },
      {
        rows: rows.filter((byte) => byte === 10).length,
        bytes: rows.length,
        sha256: createHash("sha256").update(rows).digest("hex"),
      },
      describeTable(table),
    );
  }
}

/** Ordinary tables that are no extension's and no partitions of a table hashed on an enum, as JSON. */
const ordinaryTables = `SELECT json_build_array(nspname, relname) FROM pg_class
  JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema' AND relname !~ '^(hashed|by_hash)_\\d'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_class.oid AND d.deptype = 'e')
  ORDER BY nspname COLLATE "C", relname COLLATE "C"`;

for (const database of ["awkward", "shared"]) {
  test(`every table of the database "${database}" has the rows, bytes and hash that the server copies out`, async () => {
    const found = await read(await dump(database));
    const listed = (await server.psql(ordinaryTables, database)).split("\n");
    const single = found.fingerprint.tables.filter(({ blocks }) => blocks === 1);
    assert.deepEqual(
      single.map(({ schema, name }) => [schema, name]),
      listed.map((row) => JSON.parse(row)),
    );
    assert.equal(found.isComplete, true);
    await assertRowsEqual(found, database);
  });
}

test("a table hashed on an enum is dumped in blocks that name its root, and they add up", async () => {
  const { fingerprint } = await read(await dump("awkward"));
  const hashed = fingerprint.tables.find(({ name }) => name === "hashed");
  assert.deepEqual([hashed?.blocks, hashed?.rows], [3, 60]);
});

test("sequences and large objects of a real dump are those of the server", async () => {
  const { fingerprint } = await read(await dump("awkward"));
  assert.deepEqual(fingerprint.sequences, [
    { schema: "public", name: "back\\slash", value: "-9223372036854775807", isCalled: false },
    { schema: "public", name: "generated_a_seq", value: "5", isCalled: true },
    { schema: "public", name: "we'ird.seq", value: "42", isCalled: true },
  ]);
  const objects = await server.psql(
    "SELECT oid, length(lo_get(oid)), encode(sha256(lo_get(oid)), 'hex') FROM pg_largeobject_metadata ORDER BY oid",
    "awkward",
  );
  const found = fingerprint.largeObjects.map(({ oid, sizeBytes, sha256 }) => `${oid}|${sizeBytes}|${sha256}`);
  assert.equal(found.join("\n"), objects);
});

test("objects of a real dump are counted as the catalog counts them", async () => {
  const { fingerprint } = await read(await dump("awkward"));
  const count = async (sql: string) => Number(await server.psql(`SELECT count(*) ${sql}`, "awkward"));
  const own = "= 'public'::regnamespace";
  const routines = await count(`FROM pg_proc WHERE prokind = 'f' AND pronamespace ${own}`);
  const tables = await count(`FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace ${own}`);
  assert.equal(fingerprint.objects["CREATE FUNCTION"], routines);
  assert.equal(fingerprint.objects["CREATE TABLE"], tables);
  for (const kind of ["PROCEDURE", "RULE", "VIEW", "MATERIALIZED VIEW", "SUBSCRIPTION", "EVENT TRIGGER"]) {
    assert.equal(fingerprint.objects[`CREATE ${kind}`], 1, kind);
  }
});

test("a real dump is complete, and cut anywhere it is not", async () => {
  const bytes = await dump("awkward");
  assert.equal((await read(bytes)).isComplete, true);
  const ends = Array.from({ length: 300 }, (_, back) => bytes.length - 1 - back);
  const inside = Array.from({ length: 200 }, (_, step) => Math.floor((step * bytes.length) / 200));
  for (let at = bytes.indexOf("dump complete"); at !== -1; at = bytes.indexOf("dump complete", at + 1)) {
    inside.push(...Array.from({ length: 40 }, (_, more) => at + more).filter((cut) => cut < bytes.length));
  }
  for (const cut of [...ends, ...inside]) {
    assert.equal((await read(bytes.subarray(0, cut))).isComplete, false, `cut at ${cut}`);
  }
});

test("a real dump gives the same result in chunks of any size", async () => {
  const bytes = await dump("awkward");
  const expected = await read(bytes);
  for (const size of [997, 4096, 65_537, bytes.length]) assert.deepEqual(await read(bytes, size), expected);
  const slice = bytes.subarray(0, bytes.indexOf("COPY public.child"));
  assert.deepEqual(await read(slice, 1), await read(slice));
});

test("what passes the filter restores in one transaction and dumps back with the same fingerprint", async () => {
  const bytes = await dump("awkward");
  const filter = createDumpFilter(isRestorable);
  const sent = [...filter.push(bytes), ...filter.end().bytes];
  await server.createDatabase("restored");
  const psql = [
    join(server.binDirectory, "psql"),
    "-X",
    "-q",
    "-v",
    "ON_ERROR_STOP=1",
    "-d",
    "restored",
    "-1",
  ];
  const restore = await tryProgram([...psql, "-f", "-"], { env: server.env, input: Buffer.concat(sent) });
  assert.equal(restore.code, 0, restore.stderr);
  assert.doesNotMatch(restore.stderr, /transaction/, "no COMMIT of the dump's own may end ours");
  const [before, after] = [await read(bytes), await read(await dump("restored"))];
  const withoutSubscriptions = Object.entries(before.fingerprint.objects).filter(
    ([kind]) => !kind.endsWith(" SUBSCRIPTION"),
  );
  assert.deepEqual(after.fingerprint.schemaSha256, before.fingerprint.schemaSha256);
  assert.deepEqual(after.fingerprint.entries, before.fingerprint.entries);
  const comparable = (found: ReadDump) => found.fingerprint.tables.filter(({ name }) => name !== "child");
  assert.deepEqual(comparable(after), comparable(before), "but for the column order of the inheriting table");
  assert.deepEqual(after.fingerprint.sequences, before.fingerprint.sequences);
  assert.deepEqual(after.fingerprint.largeObjects, before.fingerprint.largeObjects);
  assert.deepEqual(
    Object.keys(after.fingerprint.objects),
    withoutSubscriptions.map(([kind]) => kind),
  );
});

test("a database with LATIN1 and old strings is read like any other", async () => {
  await server.psql(
    "CREATE DATABASE old TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C';\n" +
      "ALTER DATABASE old SET standard_conforming_strings = off;",
  );
  await server.psql(
    `SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
     CREATE TABLE "grün\\" ("größe'" text); INSERT INTO "grün\\" VALUES ('ß\\');
     CREATE SEQUENCE "é\\'"; SELECT lo_from_bytea(1, '\\x275c3b');
     COMMENT ON TABLE "grün\\" IS 'ends in \\'; COMMENT ON COLUMN "grün\\"."größe'" IS ';\\'';COPY x FROM stdin;'`,
    "old",
  );
  const bytes = await dump("old");
  assert.ok(bytes.includes("standard_conforming_strings = off"));
  const found = await read(bytes);
  assert.equal(found.isComplete, true);
  assert.deepEqual(
    found.fingerprint.tables.map(({ name, columns }) => [name, ...columns]),
    [["grün\\", "größe'"]],
  );
  assert.deepEqual(
    found.fingerprint.sequences.map(({ name }) => name),
    ["é\\'"],
  );
  assert.equal(found.fingerprint.largeObjects[0]?.sizeBytes, 3);
  assert.equal(found.fingerprint.objects["COMMENT ON"], 2);
});

test("a function named begin does not swallow what follows it, though psql 15 is misled by it", async () => {
  await server.createDatabase("begun");
  const make =
    "CREATE FUNCTION public.begin() RETURNS int AS 'select 1' LANGUAGE sql; CREATE TABLE t AS SELECT 1 AS a";
  await runProgram([join(server.binDirectory, "psql"), "-X", "-q", "-d", "begun", "-c", make], {
    env: server.env,
  });
  const { fingerprint, isComplete } = await read(await dump("begun"));
  assert.equal(isComplete, true);
  assert.deepEqual(
    fingerprint.tables.map(({ name, rows }) => [name, rows]),
    [["t", 1]],
  );
});
