import assert from "node:assert/strict";
import { createReadStream, readFileSync } from "node:fs";
import { test } from "node:test";
import { compareDumps } from "../../domain/proofs/compare-dumps.ts";
import { chooseEntries } from "./cut-choice.ts";
import { createCutFilter } from "./cut-filter.ts";
import { CutSurvey } from "./cut-survey.ts";
import type { DumpEvent } from "./dump-events.ts";
import { createDumpFilter, isKnownTo, isRestorable } from "./dump-filter.ts";
import { createDumpLexer } from "./dump-lexer.ts";
import { readDump } from "./read-dump.ts";

// As pg_dump 17 and 18 wrote them; see tests/fixtures/later-dumps.
const names = ["from-15-by-17", "from-15-by-18", "from-18-by-18", "from-18-with-statistics"] as const;
type Name = (typeof names)[number];

const pathOf = (name: Name) =>
  new URL(`../../../tests/fixtures/later-dumps/${name}.sql`, import.meta.url).pathname;
const read = (name: Name) =>
  readDump(createReadStream(pathOf(name)), { signal: new AbortController().signal });

function sent(name: Name, keeps: (event: DumpEvent) => boolean): string {
  const filter = createDumpFilter((event) => isRestorable(event) && keeps(event));
  return Buffer.concat([...filter.push(readFileSync(pathOf(name))), ...filter.end().bytes]).toString();
}

for (const name of names) {
  test(`"${name}" is read to its trailer, with every table and its rows`, async () => {
    const { isComplete, fingerprint } = await read(name);
    assert.equal(isComplete, true);
    assert.deepEqual(
      fingerprint.tables.map(({ schema, name: table, rows }) => `${schema}.${table} ${rows}`),
      ["audit.event 2", "public.plain 5"],
    );
    assert.deepEqual(
      fingerprint.sequences.map(({ value }) => value),
      ["2"],
    );
    const kinds = new Set(fingerprint.entries?.map(({ type }) => type));
    for (const kind of ["SCHEMA", "TABLE", "VIEW", "FUNCTION", "INDEX", "CONSTRAINT", "ACL"])
      assert.ok(kinds.has(kind), kind);
  });

  test(`servers before 17 are spared of "${name}" only what they do not know`, () => {
    const lines = (major: number) => sent(name, (event) => isKnownTo(event, major)).split("\n");
    const setting = "SET transaction_timeout = 0;";
    const [older, newer] = [lines(16), lines(17)];
    assert.ok(newer.includes(setting) && !older.includes(setting));
    assert.deepEqual(
      older.filter((line) => line !== ""),
      newer.filter((line) => line !== "" && line !== setting),
    );
    assert.ok(older.filter((line) => line.includes(setting)).length >= 2, "a body and a row stay");
  });

  test(`a table of "${name}" is cut out with its rows, index and grants, and nothing of another`, () => {
    const lexer = createDumpLexer();
    const survey = new CutSurvey(lexer.session);
    for (const event of lexer.push(readFileSync(pathOf(name)))) survey.add(event);
    for (const event of lexer.end().events) survey.add(event);
    const choice = { relations: [{ schema: "public", name: "plain" }], schemas: [] };
    const text = sent(name, createCutFilter(chooseEntries(survey.finish(), choice).kept));
    for (const wanted of ["\\restrict later", "COPY public.plain (a, b)", "INDEX plain_b", "later_reader"])
      assert.ok(text.includes(wanted), wanted);
    assert.doesNotMatch(text, /audit|both_of|limits/);
  });
}

test("planner statistics are no content: with and without them a dump has one fingerprint", async () => {
  const [without, having] = await Promise.all([read("from-18-by-18"), read("from-18-with-statistics")]);
  assert.notEqual(without.sha256, having.sha256);
  assert.deepEqual(compareDumps(without.fingerprint, having.fingerprint).differences, []);
  assert.deepEqual(having.fingerprint.entries, without.fingerprint.entries);
});

test("pg_dump 17 and 18 word the same database alike", async () => {
  const [by17, by18] = await Promise.all([read("from-15-by-17"), read("from-15-by-18")]);
  assert.deepEqual(compareDumps(by17.fingerprint, by18.fingerprint).differences, []);
});
