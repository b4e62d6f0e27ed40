import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Context } from "../../src/operations/context.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import type { Operations } from "../../src/operations/operation.ts";
import { createRealContext, localSource, postgresJob } from "../fakes/real-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";

const signal = new AbortController().signal;
const home = temporaryDirectory("encodings");
let server: PostgresTestServer;
let context: Context;
let operations: Operations;

/** Bytes that psql sends as they are: the name and the value are Latin 1, in a database that does not know. */
const bytesOnly = String.raw`
\c ascii
SET client_encoding = 'SQL_ASCII';
SELECT convert_from('\x67 72 fc 6e', 'SQL_ASCII') AS green, convert_from('\xe9', 'SQL_ASCII') AS acute \gset
CREATE ROLE :"green";
CREATE TABLE :"green" (:"acute" text, "grün" text, "gr\xfcn" serial);
INSERT INTO :"green" VALUES (:'acute', 'größe'), ('\xe9', :'green');
CREATE SEQUENCE :"acute";
SELECT setval('"' || :'acute' || '"', 7);
CREATE TABLE "gr\xfcn" AS SELECT 1 AS a;
CREATE TABLE parent (:"green" text); CREATE TABLE child (b text) INHERITS (parent);
ALTER TABLE parent ADD COLUMN c text; INSERT INTO child VALUES (:'acute', 'b', 'c');
ALTER TABLE :"green" OWNER TO :"green";
COMMENT ON TABLE :"green" IS :'acute';
COMMENT ON DATABASE ascii IS :'green';
`;

/** A role from a database in UTF-8, whose name is no EUC_JP, in a database that is; each setting asks for another encoding. */
const japanese = String.raw`
CREATE ROLE "日本";
\c kanji
SET client_encoding = 'UTF8';
CREATE TABLE "表" ("名" text); INSERT INTO "表" VALUES ('日本'), ('語');
SET client_encoding = 'SQL_ASCII';
ALTER ROLE codex SET client_encoding = 'SJIS';
ALTER DATABASE kanji SET client_encoding = 'UTF8';
`;

before(async () => {
  server = await startPostgres();
  const c = "TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING";
  await server.psql(`CREATE DATABASE ascii ${c} 'SQL_ASCII'; CREATE DATABASE kanji ${c} 'EUC_JP';`);
  await server.psql(bytesOnly);
  await server.psql(japanese);
  await server.psql(`SET client_encoding = 'UTF8'; ALTER DATABASE kanji OWNER TO "日本";`);
  const jobs = ["ascii", "kanji"].map((name) =>
    postgresJob(localSource(server), {
      ...{ name, format: name === "ascii" ? "sql" : "custom", fingerprint: "independent" },
      databases: { kind: "named", names: [name] },
      assertions: name === "kanji" ? [`SELECT count(*) = 1 FROM "表" WHERE "名" = '語'`] : [],
    }),
  );
  context = createRealContext({ home, jobs, destinations: ["backups"] });
  operations = createOperations(context);
  await operations.initialiseDestinations([]);
});

after(async () => {
  context.catalog.close();
  await server.stop();
});

async function backUp(job: string): Promise<string> {
  const [report] = await operations.run({ jobs: [job], all: false, waitMs: 0, slot: null, signal });
  assert.deepEqual([report?.outcome, report?.failure], ["complete", null]);
  return readFileSync(join(home, "backups", `${report?.backup?.id}.manifest.json`), "utf8");
}

async function prove(job: string): Promise<void> {
  const wanted = {
    backups: [],
    job,
    latest: true,
    all: false,
    destination: null,
    identityFile: null,
  } as const;
  const [proof] = await operations.prove({ ...wanted, server: null, waitMs: 0, signal });
  assert.deepEqual([proof?.outcome, proof?.differences, proof?.failure ?? null], ["proven", [], null]);
}

/** Returns the roles that were made. */
async function restore(job: string, to: string, check: "rows" | "full"): Promise<readonly string[]> {
  const [row] = context.catalog.backups({ job });
  const fixed = { overwrite: null, only: [], roles: "missing", job: null, dryRun: false, signal } as const;
  const asked = { ...fixed, backup: `${job}/${row?.id}`, to, withoutOwners: false, check };
  const report = await operations.restore(asked);
  assert.ok(report.kind === "database");
  assert.deepEqual([report.check.kind, report.check.reason, report.warnings], [check, null, []]);
  return report.createdRoles;
}

test("a database of names and values that are no UTF-8 is backed up, proven and restored; no two names are told alike", async () => {
  const manifest = await backUp("ascii");
  for (const told of ['"gr\\\\xfcn"', '"gr\\\\x5cxfcn"', '"\\\\xe9"', '"grün"'])
    assert.ok(manifest.includes(told), told);
  assert.doesNotMatch(manifest, /\ufffd|\\ud/);
  await prove("ascii");
  const names = String.raw`SET client_encoding = 'SQL_ASCII'; SELECT convert_from('\x6772fc6e', 'SQL_ASCII') AS green \gset`;
  const content = `SELECT encode(convert_to(string_agg(t::text, ','), 'SQL_ASCII'), 'hex'),
    encode(convert_to(shobj_description(oid, 'pg_database'), 'SQL_ASCII'), 'hex'), pg_get_userbyid(relowner) = :'green'
    FROM :"green" t, pg_database, pg_class WHERE datname = current_database() AND relname = :'green' GROUP BY oid, relowner`.replaceAll(
    /\boid\b/g,
    "pg_database.oid",
  );
  const before = await server.psql(`${names}\n${content}`, "ascii");
  assert.match(before, /e9.*\|6772fc6e\|t$/);
  await server.psql(`${names}\nREASSIGN OWNED BY :"green" TO CURRENT_USER; DROP ROLE :"green";`, "ascii");
  assert.deepEqual(await restore("ascii", "again", "rows"), ["gr\\xfcn"]);
  assert.equal(await server.psql(`${names}\n${content}`, "again"), before);
});

test("neither settings of the role and the database nor names of roles in another encoding change what is dumped", async () => {
  const manifest = await backUp("kanji");
  for (const told of ['"日本"', '"表"', '"名"']) assert.ok(manifest.includes(told), told);
  await prove("kanji");
  await restore("kanji", "kana", "full");
  const owner = `SET client_encoding = 'UTF8'; SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'kana'`;
  assert.equal(await server.psql(owner), "日本");
  const rows = `SET client_encoding = 'UTF8'; SELECT string_agg("名", ',') FROM "表"`;
  assert.equal(await server.psql(rows, "kana"), "日本,語");
});

test("a database is known by the bytes of its name, whatever the encoding of the one in which that is asked", async () => {
  const c = "TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING";
  await server.psql(`CREATE DATABASE latin ${c} 'LATIN1'; CREATE DATABASE half ${c} 'UTF8';`);
  const label = "codex-backup-restore-names";
  const there = await context.postgres.connect(localSource(server), "latin", { label, signal });
  try {
    await there.restore.name({ database: "grün", restored: "half" });
    assert.ok((await there.listDatabases()).includes("grün"));
    const swap = { database: "grün", restored: "kana", keepAs: "grün_before_20261123T020000Z" };
    await there.restore.swap(swap);
    assert.deepEqual(
      (await there.restore.listReplaced()).map(({ name }) => name),
      [swap.keepAs],
    );
  } finally {
    await there.close();
  }
});
