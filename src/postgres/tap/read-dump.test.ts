import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../domain/failure.ts";
import type { ReadDump } from "../postgres.ts";
import { readDump } from "./read-dump.ts";

const key = "jFq7Cz50swHrXVSED6Oc6rA4";
const head = `--
-- PostgreSQL database dump
--

\\restrict ${key}

-- Dumped by pg_dump version 15.18

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
`;
const trailer = `
--
-- PostgreSQL database dump complete
--

`;
const unrestrict = `\\unrestrict ${key}\n\n`;

const body = `
CREATE FUNCTION public.ghost() RETURNS text LANGUAGE sql AS $_$ select '${trailer}
COPY public.ghost (a) FROM stdin;
\\! ls
' $_$;

CREATE TABLE public.t (a text);
ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (a);
CREATE UNIQUE INDEX t_a ON public.t USING btree (a);
COMMENT ON TABLE public.t IS '${trailer}';

COPY public.t (a) FROM stdin;
-- PostgreSQL database dump complete
--

\\\\.
\\.

COPY public.part (k, v) FROM stdin;
2\tb
\\.
COPY public.part (k, v) FROM stdin;
1\ta
3\tc
\\.

SELECT pg_catalog.setval('public."we''ird.seq"', -9223372036854775808, true);
SELECT pg_catalog.setval('public.a_seq', 1, false);

BEGIN;

SELECT pg_catalog.lo_open('16410', 131072);
SELECT pg_catalog.lowrite(0, '\\x00ff');
SELECT pg_catalog.lowrite(0, '\\x27');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('9999', 131072);
SELECT pg_catalog.lo_close(0);

COMMIT;

CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p WITH (connect = false, slot_name = 's');
ALTER SUBSCRIPTION s OWNER TO codex;
`;
const whole = head + body + trailer + unrestrict;

function read(text: string | Buffer, chunkBytes = 1 << 16): Promise<ReadDump> {
  const bytes = Buffer.from(text);
  const count = Math.ceil(bytes.length / chunkBytes);
  const chunks = Array.from({ length: count }, (_, i) =>
    bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes),
  );
  return readDump(Readable.from(chunks), { signal: new AbortController().signal });
}

function sha256(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}

test("a dump's tables are told with rows, bytes and the hash of their COPY data", async () => {
  const { fingerprint, sizeBytes, sha256: hash } = await read(whole);
  const data = "-- PostgreSQL database dump complete\n--\n\n\\\\.\n";
  const t = { schema: "public", name: "t", columns: ["a"], rows: 4, blocks: 1 };
  const [part, table] = fingerprint.tables;
  assert.deepEqual(table, { ...t, bytes: data.length, sha256: sha256(data) });
  assert.equal(part?.name, "part");
  assert.equal(sizeBytes, Buffer.byteLength(whole));
  assert.equal(hash, sha256(whole));
});

test("COPY blocks with one target are added up, whatever their order", async () => {
  const one = "COPY public.p (a) FROM stdin;\n1\n\\.\n";
  const two = "COPY public.p (a) FROM stdin;\n2\n22\n\\.\n";
  const [first, second] = await Promise.all([read(one + two), read(two + one)]);
  assert.deepEqual(first.fingerprint.tables, second.fingerprint.tables);
  const [table] = first.fingerprint.tables;
  const hashes = [sha256("1\n"), sha256("2\n22\n")].sort();
  assert.deepEqual([table?.rows, table?.bytes, table?.blocks], [3, 7, 2]);
  assert.equal(table?.sha256, sha256(hashes.join("\n")));
});

test("rows that are loaded through a root may come back in other blocks, other order and other columns", async () => {
  const block = (columns: string, rows: readonly string[]) =>
    `-- load via partition root public.p\n\nCOPY public.p (${columns}) FROM stdin;\n${rows.join("")}\\.\n\n`;
  const table = async (text: string) => (await read(text)).fingerprint.tables[0];
  const one = await table(block("b, a", ["x\t1\n", "y\t2\n", "y\t2\n"]) + block("a, b", ["3\tz\n"]));
  const two = await table(block("a, b", ["2\ty\n", "3\tz\n", "2\ty\n"]) + block("b, a", ["x\t1\n"]));
  assert.deepEqual(two, one);
  const rows = ["1\tx", "2\ty", "2\ty", "3\tz"].map((row) => BigInt(`0x${sha256(row)}`));
  const sum = rows.reduce((total, row) => (total + row) % (1n << 256n), 0n);
  assert.equal(one?.sha256, sum.toString(16).padStart(64, "0"));
  for (const other of ["4\tz\n", "3\tz\n3\tz\n", ""]) {
    const changed = await table(block("b, a", ["x\t1\n", "y\t2\n", "y\t2\n"]) + block("a, b", [other]));
    assert.notEqual(changed?.sha256, one?.sha256);
  }
});

test("sequences are read from setval, with quotes undone and values kept as text", async () => {
  const { fingerprint } = await read(whole);
  assert.deepEqual(fingerprint.sequences, [
    { schema: "public", name: "a_seq", value: "1", isCalled: false },
    { schema: "public", name: "we'ird.seq", value: "-9223372036854775808", isCalled: true },
  ]);
});

test("large objects are hashed by their bytes, sorted by number, the empty ones too", async () => {
  const { fingerprint } = await read(whole);
  assert.deepEqual(fingerprint.largeObjects, [
    { oid: "9999", sizeBytes: 0, sha256: sha256("") },
    { oid: "16410", sizeBytes: 3, sha256: sha256(Buffer.from("00ff27", "hex")) },
  ]);
});

test("statements are counted by what they make", async () => {
  const { fingerprint } = await read(whole);
  assert.deepEqual(fingerprint.objects, {
    "ALTER SUBSCRIPTION": 1,
    "ALTER TABLE": 1,
    "COMMENT ON": 1,
    "CREATE FUNCTION": 1,
    "CREATE INDEX": 1,
    "CREATE SUBSCRIPTION": 1,
    "CREATE TABLE": 1,
    SET: 2,
  });
});

test("the schema's hash stays with another key, other comments and other data", async () => {
  const { fingerprint } = await read(whole);
  const others = [
    whole.replaceAll(key, "otherKey"),
    whole.replace("15.18", "15.19").replace("-- Dumped", "-- Name: x\n-- Dumped"),
    whole.replace("1\ta\n", "").replace("16410", "16411").replace("\\x27", "\\x28"),
    whole.replace("'public.a_seq', 1, false", "'public.a_seq', 7, true"),
    whole.replace(/CREATE SUBSCRIPTION[^;]*;\n[^;]*;\n/, ""),
  ];
  for (const other of others) {
    assert.equal((await read(other)).fingerprint.schemaSha256, fingerprint.schemaSha256);
  }
});

test("the schema's hash changes with a body, a type, an order or a white space in a statement", async () => {
  const { fingerprint } = await read(whole);
  const others = [
    whole.replace("\\! ls", "\\! la"),
    whole.replace("(a text)", "(a int)"),
    whole.replace("USING btree (a)", "USING btree  (a)"),
    whole
      .replace("CREATE TABLE public.t (a text);\n", "")
      .replace("COMMENT ON", "CREATE TABLE public.t (a text);\nCOMMENT ON"),
  ];
  for (const other of others) {
    assert.notEqual((await read(other)).fingerprint.schemaSha256, fingerprint.schemaSha256);
  }
});

test("a dump is complete with its trailer, with and without restrict, and also with a comment after it", async () => {
  assert.equal((await read(whole)).isComplete, true);
  assert.equal((await read(whole.replaceAll(/\\(un)?restrict .*\n\n/g, ""))).isComplete, true);
  assert.equal((await read(`${whole}-- kept by hand\n\n`)).isComplete, true);
});

test("a dump cut at any byte is not complete, also where fake trailers stand", async () => {
  const old = whole.replaceAll(/\\(un)?restrict .*\n\n/g, "");
  for (const text of [whole, old]) {
    for (let at = 0; at < text.length; at++) {
      assert.equal(
        (await read(text.slice(0, at))).isComplete,
        false,
        `cut at ${at}: ${text.slice(at - 40, at)}`,
      );
    }
  }
});

test("a trailer is none when anything follows it, or when the key is another one", async () => {
  for (const after of ["SELECT 1;\n\n", "\\! ls\n\n", "x", "COPY t (a) FROM stdin;\n\\.\n\n", ";\n\n"]) {
    assert.equal((await read(whole + after)).isComplete, false, after);
  }
  assert.equal((await read(whole.replace(`\\unrestrict ${key}`, "\\unrestrict other"))).isComplete, false);
  assert.equal((await read(head + body + unrestrict + trailer)).isComplete, false);
});

test("a cut dump still tells what was seen", async () => {
  const { fingerprint } = await read(whole.slice(0, whole.indexOf("3\tc") + 2));
  assert.equal(fingerprint.tables.find((table) => table.name === "part")?.rows, 2);
});

test("the way a dump is cut into chunks changes nothing", async () => {
  const expected = await read(whole);
  const sizes = fc.integer({ min: 1, max: 300 });
  await fc.assert(
    fc.asyncProperty(sizes, async (size) => assert.deepEqual(await read(whole, size), expected)),
    { numRuns: 60 },
  );
});

test("a large object's data in another form than hex is refused, not hashed wrongly", async () => {
  for (const data of ["'abc'", "'\\x0'", "'\\x0g'", "'\\000'"]) {
    const text = `SELECT pg_catalog.lo_open('1', 131072);\nSELECT pg_catalog.lowrite(0, ${data});\n`;
    await assert.rejects(read(text), { code: "postgres.dump-unreadable" }, data);
  }
});

test("large objects of a server with standard_conforming_strings off are the same bytes", async () => {
  const off = whole.replace("standard_conforming_strings = on", "standard_conforming_strings = off");
  const { fingerprint } = await read(off.replaceAll("'\\x", "'\\\\x"));
  assert.deepEqual(fingerprint.largeObjects, (await read(whole)).fingerprint.largeObjects);
});

test("a stream that fails is a failure with the cause, never a short dump", async () => {
  const cause = new Error("disk gone");
  const text = Readable.from(
    (function* () {
      yield Buffer.from(whole);
      throw cause;
    })(),
  );
  const reading = readDump(text, { signal: new AbortController().signal });
  await assert.rejects(reading, { code: "postgres.dump-unreadable", cause });
});

test("an abort ends a read that waits for bytes, with the signal's reason, and frees the stream", async () => {
  const controller = new AbortController();
  const reason = new Failure("run.cancelled", "Cannot read: cancelled");
  const text = new Readable({ read: () => undefined });
  text.push(Buffer.from(head));
  const reading = readDump(text, { signal: controller.signal });
  setImmediate(() => controller.abort(reason));
  await assert.rejects(reading, reason);
  assert.equal(text.destroyed, true);
});
