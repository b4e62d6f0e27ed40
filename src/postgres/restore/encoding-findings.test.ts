import assert from "node:assert/strict";
import { test } from "node:test";
import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import { type EncodingQuestion, findEncoding } from "./encoding-findings.ts";

// Only this field is looked at.
const latin = { encoding: "LATIN1" } as PostgresFacts;

function header(name: string, encoding: string): Buffer {
  return Buffer.from(`CREATE DATABASE ${name} WITH TEMPLATE = template0 ENCODING = '${encoding}';\n`);
}

function said(question: EncodingQuestion): readonly string[] {
  return findEncoding(question).map(({ severity, message }) => `${severity}: ${message}`);
}

test("a header's own encoding is what the new database gets", () => {
  const own = header("codexdb", "LATIN1");
  assert.deepEqual(said({ facts: latin, header: own, serverDefault: "UTF8" }), []);
  const other = header(`"x ENCODING = 'LATIN1'"`, "UTF8");
  assert.deepEqual(said({ facts: latin, header: other, serverDefault: "LATIN1" }), [
    "warning: the new database will have encoding UTF8, it was LATIN1",
  ]);
});

test("without a header the server's own encoding decides, and one that differs is told", () => {
  assert.deepEqual(said({ facts: latin, header: null, serverDefault: "LATIN1" }), []);
  assert.deepEqual(said({ facts: latin, header: null, serverDefault: "UTF8" }), [
    "warning: the new database will have encoding UTF8, it was LATIN1",
  ]);
});

test("of a bare dump it is told that nothing can be compared", () => {
  assert.deepEqual(said({ facts: null, header: null, serverDefault: "SQL_ASCII" }), [
    "note: the new database will have encoding SQL_ASCII; the dump's own is not known",
  ]);
});
