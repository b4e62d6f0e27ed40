import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../domain/failure.ts";
import type { DumpCut, TableChoice } from "../../domain/restores/table-choice.ts";
import { chooseEntries } from "./cut-choice.ts";
import { createCutFilter } from "./cut-filter.ts";
import { keyOf, referencesIn } from "./cut-references.ts";
import { CutSurvey } from "./cut-survey.ts";
import { createDumpFilter } from "./dump-filter.ts";
import { createDumpLexer } from "./dump-lexer.ts";

function namesIn(statement: string, isRoutine = false): readonly string[] {
  return referencesIn(statement, isRoutine).map(({ key }) => key.replace("\0", "|"));
}

test("names with a schema are found, quoted or not, also of operators and in casts of strings", () => {
  const statement = `CREATE TABLE public.t (a "My ""Type"".x" DEFAULT nextval('public."se.q"'::regclass),
    b "has.dot"."b""b"[], CONSTRAINT c CHECK ((a OPERATOR(public.=~~) public.f(b))))`;
  assert.deepEqual(namesIn(statement), ["public|t", "public|se.q", 'has.dot|b"b', "public|=~~", "public|f"]);
  const [, , , , call] = referencesIn(statement);
  assert.equal(call?.isCall, true);
});

test("what stands in strings and comments names nothing; a routine's text names what it may call", () => {
  const text = `CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $_$ SELECT public.g('it''s public.h') $_$ -- public.i
    /* public.j */ SET x = E'\\' public.k'`;
  assert.deepEqual(namesIn(text), ["public|f"]);
  assert.deepEqual(namesIn(text, true), ["public|f", "public|g", "public|h"]);
  assert.equal(referencesIn(text, true)[1]?.isInBody, true);
});

test("a body that opens quotes and comments without end takes no longer than any other", () => {
  for (const opening of ["/* ", "$a$ $b$ ", "'", '"', "-- "]) {
    const body = `${opening.repeat(100_000)} public.g()`;
    const found = namesIn(`CREATE FUNCTION public.f() LANGUAGE sql AS $body$${body}$body$;`, true);
    assert.equal(found[0], "public|f");
  }
});

const anyName = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((name) => !name.includes("\0"));

test("any name is found as it is, whatever it holds", () => {
  fc.assert(
    fc.property(anyName, anyName, (schema, name) => {
      const [s, n] = [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`);
      const [found, ...others] = referencesIn(`ALTER TABLE ONLY ${s}.${n} ADD x text DEFAULT 'a.b';`);
      assert.equal(found?.key, keyOf(schema, name));
      assert.deepEqual(others, []);
    }),
  );
});

function entry(type: string, name: string, text: string): string {
  return `--\n-- Name: ${name}; Type: ${type}; Schema: public; Owner: codex\n--\n\n${text}\n\n\n`;
}

function data(table: string, rows: string): string {
  return `--\n-- Data for Name: ${table}; Type: TABLE DATA; Schema: public; Owner: codex\n--\n\nCOPY public.${table} (a) FROM stdin;\n${rows}\\.\n\n\n`;
}

const setting = (space: string) => `SET default_tablespace = '${space}';\n\n`;
const forged =
  "--\n-- Name: wanted; Type: TABLE DATA; Schema: public; Owner: codex\n--\nCOPY public.wanted (a) FROM stdin;\nforged\n";
const dump = [
  "SET client_encoding = 'UTF8';\n\nSELECT pg_catalog.set_config('search_path', '', false);\n\n",
  entry(
    "FUNCTION",
    "f(text)",
    `CREATE FUNCTION public.f(text) RETURNS boolean LANGUAGE sql AS $$ ${forged} $$;`,
  ),
  entry(
    "FUNCTION",
    "unused()",
    "CREATE FUNCTION public.unused() RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;",
  ),
  setting("fast"),
  entry("TABLE", "other", "CREATE TABLE public.other (a text);"),
  setting(""),
  entry(
    "TABLE",
    "wanted",
    "CREATE TABLE public.wanted (a text CHECK (public.f(a)));\n\n\nALTER TABLE public.wanted OWNER TO codex;",
  ),
  data("other", `x\n${forged}`),
  data("wanted", "1\n2\n"),
  entry(
    "FK CONSTRAINT",
    "wanted wanted_fkey",
    "ALTER TABLE ONLY public.wanted\n    ADD CONSTRAINT wanted_fkey FOREIGN KEY (a) REFERENCES public.other(a);",
  ),
  entry(
    "COMMENT",
    "CONSTRAINT wanted_fkey ON wanted",
    "COMMENT ON CONSTRAINT wanted_fkey ON public.wanted IS 'x';",
  ),
  entry("ACL", "TABLE wanted", "GRANT SELECT ON TABLE public.wanted TO reader;"),
  entry("ACL", "TABLE other", "GRANT SELECT ON TABLE public.other TO reader;"),
  "--\n-- PostgreSQL database dump complete\n--\n\n",
].join("");

function cutOf(text: string, choice: Partial<TableChoice>): DumpCut {
  const lexer = createDumpLexer();
  const survey = new CutSurvey(lexer.session);
  for (const event of [...lexer.push(Buffer.from(text)), ...lexer.end().events]) survey.add(event);
  return chooseEntries(survey.finish(), { relations: [], schemas: [], ...choice });
}

function sentOf(cut: DumpCut, chunkBytes: number): string {
  const filter = createDumpFilter(createCutFilter(cut.kept));
  const bytes = Buffer.from(dump);
  const sent: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    // Views of a chunk are good only until the next one.
    sent.push(Buffer.concat(filter.push(bytes.subarray(at, at + chunkBytes))));
  }
  const { bytes: rest, isComplete } = filter.end();
  assert.equal(isComplete, true);
  return Buffer.concat([...sent, ...rest]).toString();
}

const wanted = { relations: [{ schema: "public", name: "wanted" }] };

test("of a dump only what was chosen and what that needs is sent, wherever it is cut into chunks", () => {
  const cut = cutOf(dump, wanted);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), (size) => {
      const statements = sentOf(cut, size).replace(/^--.*\n/gm, "");
      assert.match(
        statements,
        /SET client_encoding.*set_config.*CREATE FUNCTION public\.f.*CREATE TABLE public\.wanted/s,
      );
      assert.match(statements, /COPY public\.wanted \(a\) FROM stdin;\n1\n2\n\\\.\n/);
      assert.match(statements, /GRANT SELECT ON TABLE public\.wanted/);
      assert.doesNotMatch(statements, /public\.other|unused|wanted_fkey|'fast'/i);
    }),
  );
});

test("a table keeps its tablespace, though it is set before another one", () => {
  const both = sentOf(
    cutOf(dump, { relations: [{ schema: "public", name: "other" }, ...wanted.relations] }),
    1 << 16,
  );
  assert.match(
    both,
    /'fast';\s+--[^']*CREATE TABLE public\.other.*= '';\s+--[^']*CREATE TABLE public\.wanted/s,
  );
  const other = sentOf(cutOf(dump, { relations: [{ schema: "public", name: "other" }] }), 1 << 16);
  assert.match(other, /default_tablespace = 'fast'/);
  assert.doesNotMatch(other, /default_tablespace = ''/);
});

test("a foreign key to an absent table is left out with its comment, and named", () => {
  assert.deepEqual(cutOf(dump, wanted).leftOutKeys, [
    { schema: "public", name: "wanted", constraint: "wanted_fkey" },
  ]);
});

test("views tell which tables without rows they read, through other views and circles too, and once never filled is no loss", () => {
  const view = (type: string, name: string, text: string) =>
    entry(type, name, `CREATE ${type} public.${name} AS ${text};`);
  const text = [
    entry("TABLE", "t", "CREATE TABLE public.t (a text);"),
    view("VIEW", "placed", "SELECT NULL::text AS a"),
    view("VIEW", "over", "SELECT public.placed.a FROM public.placed"),
    view("MATERIALIZED VIEW", "filled", "SELECT over.a FROM public.over\n  WITH NO DATA"),
    view("MATERIALIZED VIEW", "never", "SELECT over.a FROM public.over\n  WITH NO DATA"),
    entry(
      "RULE",
      "placed _RETURN",
      "CREATE OR REPLACE VIEW public.placed AS SELECT t.a FROM public.t, public.over;",
    ),
    entry("MATERIALIZED VIEW DATA", "filled", "REFRESH MATERIALIZED VIEW public.filled;"),
  ].join("");
  const emptyOf = (...names: readonly string[]) =>
    cutOf(text, { relations: names.map((name) => ({ schema: "public", name })) }).emptyViews;
  const reads = [{ schema: "public", name: "t" }];
  for (const [name, isMaterialized] of [
    ["over", false],
    ["placed", false],
    ["filled", true],
  ] as const)
    assert.deepEqual(emptyOf(name), [{ schema: "public", name, isMaterialized, reads }]);
  assert.deepEqual([emptyOf("never"), emptyOf("filled", "t"), emptyOf("t")], [[], [], []]);
});

test("a dump that does not name its objects, or names them without schemas, is refused", () => {
  const bare = dump.replace(/^-- (Data for )?Name: .*\n/gm, "");
  const old = dump.replace(
    "CREATE TABLE public.other",
    "SET search_path = public, pg_catalog;\nCREATE TABLE other",
  );
  for (const text of [bare, old]) {
    assert.throws(
      () => cutOf(text, wanted),
      (error) => error instanceof Failure && error.code === "postgres.restore-refused",
    );
  }
});
