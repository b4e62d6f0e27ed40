import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import {
  describeTable,
  type Fingerprint,
  type TableFingerprint,
} from "../../src/domain/backups/fingerprint.ts";
import type { DumpCut, RelationName, TableChoice } from "../../src/domain/restores/table-choice.ts";
import { chooseEntries } from "../../src/postgres/tap/cut-choice.ts";
import { type CutEntry, entryRole } from "../../src/postgres/tap/cut-entry.ts";
import { createCutFilter } from "../../src/postgres/tap/cut-filter.ts";
import { CutSurvey } from "../../src/postgres/tap/cut-survey.ts";
import { createDumpFilter, isRestorable } from "../../src/postgres/tap/dump-filter.ts";
import { createDumpLexer } from "../../src/postgres/tap/dump-lexer.ts";
import { readDump } from "../../src/postgres/tap/read-dump.ts";
import { loadAwkward } from "../fixtures/awkward.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { runProgram, tryProgram } from "../servers/run-program.ts";

const pins = "-c timezone=UTC -c bytea_output=hex -c lc_monetary=C -c check_function_bodies=off";
let source: PostgresTestServer;
let target: PostgresTestServer;
let dump: Buffer;
let entries: readonly CutEntry[];
let fingerprint: Fingerprint;

before(async () => {
  source = await startPostgres({ settings: { wal_level: "logical" } });
  target = await startPostgres({ user: "somebody_else" });
  await loadAwkward(source);
  const roles = await source.psql(
    "SELECT format('CREATE ROLE %I;', rolname) FROM pg_roles WHERE oid >= 16384 OR rolsuper",
  );
  await target.psql(roles);
  await target.createDatabase("parts");
  dump = await dumpOf(source, "awkward");
  entries = survey(dump);
  fingerprint = await fingerprintOf(dump);
});

after(async () => {
  await source.stop();
  await target.stop();
});

async function dumpOf(
  server: PostgresTestServer,
  database: string,
  ...only: readonly string[]
): Promise<Buffer> {
  const file = join(temporaryDirectory("cut"), "dump.sql");
  const program = join(server.binDirectory, "pg_dump");
  await runProgram([program, "-f", file, ...only, database], { env: { ...server.env, PGOPTIONS: pins } });
  return readFileSync(file);
}

async function fingerprintOf(bytes: Buffer): Promise<Fingerprint> {
  const { fingerprint: found } = await readDump(Readable.from([bytes]), {
    signal: new AbortController().signal,
  });
  return found;
}

function survey(bytes: Buffer): readonly CutEntry[] {
  const lexer = createDumpLexer();
  const found = new CutSurvey(lexer.session);
  for (const event of [...lexer.push(bytes), ...lexer.end().events]) found.add(event);
  return found.finish();
}

function cutOut({ kept }: DumpCut): readonly Buffer[] {
  const isWanted = createCutFilter(kept);
  const filter = createDumpFilter((event) => isWanted(event) && isRestorable(event));
  return [...filter.push(dump), ...filter.end().bytes];
}

function choose(choice: Partial<TableChoice>): DumpCut {
  return chooseEntries(entries, { relations: [], schemas: [], ...choice });
}

function restore(database: string, script: readonly Buffer[]) {
  const psql = [
    join(target.binDirectory, "psql"),
    "-X",
    "-q",
    "-v",
    "ON_ERROR_STOP=1",
    "-d",
    database,
    "-f",
    "-",
  ];
  return tryProgram(psql, { env: { ...target.env, PGOPTIONS: pins }, input: Buffer.concat(script) });
}

function quoted({ schema, name }: RelationName): string {
  return [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
}

interface Part {
  readonly cut: DumpCut;
  /** Whose rows are to be copied out. */
  readonly tables: readonly TableFingerprint[];
}

/**
 * Restores each part in a transaction that is undone, and copies out its tables meanwhile; all by one psql, because it is
 * started so slowly. The hashes of their rows, part by part.
 */
async function hashesOf(parts: readonly Part[]): Promise<readonly (readonly string[])[]> {
  const fileOf = (part: number, at: number) => join(target.socketDirectory, `rows${part}_${at}`);
  const script = parts.flatMap(({ cut, tables }, part) => {
    const copies = tables.map(({ columns, ...table }, at) => {
      const list = columns.map((column) => `"${column.replaceAll('"', '""')}"`).join(", ");
      return `COPY (SELECT ${list} FROM ONLY ${quoted(table)}) TO '${fileOf(part, at)}';\n`;
    });
    return [Buffer.from("BEGIN;\n"), ...cutOut(cut), Buffer.from(`${copies.join("")}ROLLBACK;\n`)];
  });
  const { code, stderr } = await restore("parts", script);
  assert.equal(code, 0, stderr);
  return parts.map(({ tables }, part) =>
    tables.map((_, at) =>
      createHash("sha256")
        .update(readFileSync(fileOf(part, at)))
        .digest("hex"),
    ),
  );
}

function relations(): readonly RelationName[] {
  return entries.flatMap((entry) => {
    const [schema = "", name = ""] = entry.references[0]?.key.split("\0") ?? [];
    return entryRole(entry) === "relation" ? [{ schema, name }] : [];
  });
}

test("each table alone is restored with all that it needs, and its rows are those of the source", async () => {
  const all = relations();
  assert.ok(all.length > 60);
  const parts = all.flatMap((relation) => {
    const cut = choose({ relations: [relation] });
    const asked = new Set(cut.whole.map(describeTable));
    assert.ok(asked.has(describeTable(relation)));
    const tables = fingerprint.tables.filter(
      (table) => asked.has(describeTable(table)) && table.blocks === 1,
    );
    return cut.inseparable.length > 0 ? [] : [{ cut, tables }];
  });
  const hashes = await hashesOf(parts);
  const expected = parts.map(({ tables }) => tables.map(({ sha256 }) => sha256));
  assert.deepEqual(hashes, expected);
  const compared = new Set(parts.flatMap(({ tables }) => tables.map(describeTable)));
  assert.equal(compared.size, fingerprint.tables.filter(({ blocks }) => blocks === 1).length);
});

test("each schema alone is restored without an error", async () => {
  const schemas = [...new Set(entries.map((entry) => entry.schema))].filter((name) => name !== "");
  await hashesOf(schemas.map((schema) => ({ cut: choose({ schemas: [schema] }), tables: [] })));
});

test("a restored table has the indexes, keys, triggers, comments and grants that it had", async () => {
  const names = [
    { schema: "first", name: "equal_name" },
    { schema: "public", name: "texts" },
    { schema: "public", name: "serials" },
    { schema: "public", name: "guarded_rows" },
    { schema: "public", name: "generated" },
    { schema: "has.dot", name: "has.dot" },
  ];
  const cut = choose({ relations: names });
  assert.deepEqual([cut.withoutRows, cut.leftOutKeys], [[], []]);
  await target.createDatabase("whole");
  const { code, stderr } = await restore("whole", [
    Buffer.from("BEGIN;\n"),
    ...cutOut(cut),
    Buffer.from("COMMIT;\n"),
  ]);
  assert.equal(code, 0, stderr);
  const only = names.flatMap((name) => ["-t", quoted(name)]);
  const [before, after] = [await dumpOf(source, "awkward", ...only), await dumpOf(target, "whole", ...only)];
  const [was, is] = [await fingerprintOf(before), await fingerprintOf(after)];
  assert.deepEqual(is.entries, was.entries);
  assert.deepEqual(is.tables, was.tables);
  assert.deepEqual(is.sequences, was.sequences);
});

test("what points to absent tables is left out and named, and what is needed is made without rows", () => {
  const broken = choose({ relations: [{ schema: "public", name: "broken_rules" }] });
  assert.deepEqual(broken.leftOutKeys, [{ schema: "public", name: "broken_rules", constraint: "points" }]);
  const both = choose({
    relations: [
      { schema: "public", name: "broken_rules" },
      { schema: "public", name: "chicken" },
    ],
  });
  assert.ok(!both.leftOutKeys.some(({ constraint }) => constraint === "points"));
  const child = choose({ relations: [{ schema: "public", name: "child" }] });
  assert.deepEqual(child.withoutRows, [{ schema: "public", name: "parent" }]);
  const view = choose({ relations: [{ schema: "first", name: "guarded" }] });
  assert.deepEqual(view.withoutRows, [{ schema: "first", name: "equal_name" }]);
});

test("a partitioned table brings its partitions; one whose rows are only in its root is told", () => {
  const root = choose({ relations: [{ schema: "public", name: "by_hash" }] });
  assert.equal(root.whole.length, 4);
  assert.deepEqual(root.inseparable, []);
  const one = choose({ relations: [{ schema: "public", name: "by_hash_1" }] });
  assert.deepEqual(one.inseparable, [
    { partition: { schema: "public", name: "by_hash_1" }, root: { schema: "public", name: "by_hash" } },
  ]);
});
