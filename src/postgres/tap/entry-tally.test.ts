import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import type { ObjectFingerprint } from "../../domain/backups/fingerprint.ts";
import { readDump } from "./read-dump.ts";

interface Written {
  readonly type?: string;
  readonly name: string;
  readonly schema?: string;
  readonly owner?: string;
  readonly text: string;
}

/** As pg_dump writes one object. */
function written({ type = "TABLE", name, schema = "public", owner = "codex", text }: Written): string {
  return `--\n-- Name: ${name}; Type: ${type}; Schema: ${schema}; Owner: ${owner}\n--\n\n${text}\n\n\n`;
}

async function entriesOf(text: string, chunkBytes = 1 << 16): Promise<readonly ObjectFingerprint[]> {
  const bytes = Buffer.from(text);
  const count = Math.ceil(bytes.length / chunkBytes);
  const chunks = Array.from({ length: count }, (_, at) =>
    bytes.subarray(at * chunkBytes, (at + 1) * chunkBytes),
  );
  const { fingerprint } = await readDump(Readable.from(chunks), { signal: new AbortController().signal });
  return fingerprint.entries ?? [];
}

async function keysOf(text: string): Promise<readonly string[]> {
  return (await entriesOf(text)).map(({ type, schema, name }) => `${type} ${schema} ${name}`);
}

const table = written({
  name: "t",
  text: "CREATE TABLE public.t (a text);\nALTER TABLE public.t OWNER TO codex;",
});
const total = written({
  type: "FUNCTION",
  name: "total(integer)",
  text: "CREATE FUNCTION public.total(integer) RETURNS integer LANGUAGE sql AS $$ SELECT 1; $$;",
});
const schema = written({ type: "SCHEMA", name: "ledger", schema: "-", text: "CREATE SCHEMA ledger;" });

test("each object is told by its type, schema and name, sorted, and what stands before the first one too", async () => {
  const found = await keysOf(`SET client_encoding = 'UTF8';\n${table}${total}${schema}`);
  assert.deepEqual(found, [
    "FUNCTION public total(integer)",
    "SCHEMA  ledger",
    "SESSION  ",
    "TABLE public t",
  ]);
});

test("a changed statement changes the hash of its object, and of no other", async () => {
  const before = await entriesOf(table + total);
  const after = await entriesOf(table + total.replace("SELECT 1", "SELECT 2"));
  const differing = before.filter(({ sha256 }, at) => sha256 !== after[at]?.sha256);
  assert.deepEqual(
    differing.map(({ name }) => name),
    ["total(integer)"],
  );
});

test("a changed owner is a change, though the comment that tells the owner is not", async () => {
  const renamed = table.replace("Owner: codex", "Owner: somebody");
  assert.deepEqual(await entriesOf(renamed), await entriesOf(table));
  assert.notDeepEqual(await entriesOf(table.replace("TO codex", "TO somebody")), await entriesOf(table));
});

test("the order of objects does not count, also not among those of one name", async () => {
  const privileges = (role: string) =>
    written({
      type: "DEFAULT ACL",
      name: "DEFAULT PRIVILEGES FOR TABLES",
      schema: "-",
      text: `ALTER DEFAULT PRIVILEGES FOR ROLE ${role} GRANT SELECT ON TABLES TO reader;`,
    });
  const [one, two] = [privileges("one"), privileges("two")];
  const expected = await entriesOf(one + table + two);
  assert.deepEqual(await entriesOf(two + one + table), expected);
  assert.equal(expected.length, 2);
  assert.notDeepEqual(await entriesOf(one + table + one), expected, "the same object twice is another thing");
  assert.notDeepEqual(await entriesOf(one + table), expected);
});

test("a policy's roles come back in any order, and are still the same policy; other roles are not", async () => {
  const policy = (roles: string) =>
    written({
      type: "POLICY",
      name: "t own; rows",
      text: `CREATE POLICY "own; rows" ON public.t AS RESTRICTIVE FOR SELECT TO ${roles} USING ((a = 'x TO y, z'::text));`,
    });
  const expected = await entriesOf(policy(`"a, b", plain, "qu""ote"`));
  assert.deepEqual(await entriesOf(policy(`plain, "qu""ote", "a, b"`)), expected);
  assert.notDeepEqual(await entriesOf(policy(`plain, "qu""ote"`)), expected);
  const condition = policy(`"a, b", plain, "qu""ote"`).replace("TO y, z", "TO z, y");
  assert.notDeepEqual(
    await entriesOf(condition),
    expected,
    "the same words in a condition are no list of roles",
  );
});

test("the settings between objects belong to none, but what they mean for a table does", async () => {
  const setting = "SET default_tablespace = '';\n\nSET default_table_access_method = heap;\n\n";
  const expected = await entriesOf(total + setting + table);
  assert.deepEqual(await entriesOf(setting + table + total), expected);
  const moved = table.replace("Owner: codex", "Owner: codex; Tablespace: fast");
  assert.notDeepEqual(await entriesOf(total + setting + moved), expected);
  assert.notDeepEqual(await entriesOf(total + setting.replace("heap", "columnar") + table), expected);
});

test("statements in place of COPY are told under the table whose rows they are", async () => {
  const rows = `--\n-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: codex\n--\n\nINSERT INTO public.t VALUES ('x');\n`;
  assert.deepEqual(await keysOf(table + rows), ["TABLE public t", "TABLE DATA public t"]);
});

test("large objects are one entry, however many there are", async () => {
  const one = (oid: number, owner: string) =>
    written({
      type: "BLOB",
      name: String(oid),
      schema: "-",
      text: `SELECT pg_catalog.lo_create('${oid}');\nALTER LARGE OBJECT ${oid} OWNER TO ${owner};`,
    });
  const found = await entriesOf(one(1, "codex") + one(2, "codex"));
  assert.deepEqual([found.length, found[0]?.type, found[0]?.name], [1, "BLOB", ""]);
  assert.notDeepEqual(await entriesOf(one(1, "codex") + one(2, "other")), found);
});

test("the comment of an object is none in a body, a string, a row or a statement", async () => {
  const forged = "--\n-- Name: forged; Type: TABLE; Schema: public; Owner: codex\n--\n\n";
  const place = fc.constantFrom(
    (inner: string) => `CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $_$ ${inner} $_$;`,
    (inner: string) => `CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS 'x''\n${inner}';`,
    (inner: string) => `COMMENT ON TABLE public.t IS 'x\n${inner}';`,
    (inner: string) => `COMMENT ON TABLE public."\n${inner}" IS 'x';`,
    (inner: string) => `COPY public.t (a) FROM stdin;\nx\n${inner}\\.\n`,
    (inner: string) => `CREATE VIEW public.v AS\n${inner} SELECT 1;`,
    (inner: string) => `CREATE VIEW public.v AS /*\n${inner} */ SELECT 1;`,
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(place, { maxLength: 8 }),
      fc.integer({ min: 1, max: 300 }),
      async (places, size) => {
        const text = table + places.map((one) => one(forged)).join("\n\n") + total;
        const found = await entriesOf(text, size);
        assert.deepEqual(
          found.map(({ name }) => name),
          ["total(integer)", "t"],
        );
        assert.deepEqual(found, await entriesOf(text), "wherever the dump is cut into chunks");
      },
    ),
  );
});

test("names that hold the header's own words do not hide an object", async () => {
  const name = "x; Type: TABLE; Schema: public; Owner: me";
  const odd = written({ name, text: `CREATE TABLE public."${name}" (a text);` });
  const found = await entriesOf(table + odd);
  assert.equal(found.length, 2);
  assert.equal(found[1]?.name, name);
});
