import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../failure.ts";
import { resolveTables } from "./resolve-tables.ts";

const relations = [
  { schema: "public", name: "users" },
  { schema: "public", name: "log_2025" },
  { schema: "public", name: "log_2026" },
  { schema: "first", name: "users" },
  { schema: "has.dot", name: "a.b" },
  { schema: "public", name: 'we"ird' },
  { schema: "public", name: "star*" },
  { schema: "public", name: "starfish" },
  { schema: "public", name: "Upper" },
];
const known = { relations, schemas: ["first", "has.dot", "public"] };

function tables(...typed: readonly string[]): readonly string[] {
  const found = resolveTables({ tables: typed, schemas: [] }, known).relations;
  return found.map(({ schema, name }) => `${schema}|${name}`);
}

function refusal(text: string): Failure {
  try {
    tables(text);
  } catch (error) {
    if (error instanceof Failure) return error;
  }
  throw assert.fail(`"${text}" was found`);
}

test("a table is found by its name with its schema, as it is or quoted, also where names hold dots", () => {
  assert.deepEqual(tables("public.users"), ["public|users"]);
  assert.deepEqual(tables('"public"."users"'), ["public|users"]);
  assert.deepEqual(tables("has.dot.a.b"), ["has.dot|a.b"]);
  assert.deepEqual(tables('"has.dot"."a.b"'), ["has.dot|a.b"]);
  assert.deepEqual(tables('public."we""ird"'), ['public|we"ird']);
  assert.deepEqual(tables('public.we"ird'), ['public|we"ird']);
  assert.deepEqual(tables('public."Upper"', "public.Upper"), ["public|Upper", "public|Upper"]);
});

test("without a schema only a name that one table bears is found; several are named", () => {
  assert.deepEqual(tables("log_2026"), ["public|log_2026"]);
  const failure = refusal("users");
  assert.equal(failure.code, "usage.ambiguous");
  assert.match(failure.hint ?? "", /public\.users, first\.users/);
});

test("stars stand for any letters, unless a table is called so", () => {
  assert.deepEqual(tables("public.log_*"), ["public|log_2025", "public|log_2026"]);
  assert.deepEqual(tables("*.log_202?"), ["public|log_2025", "public|log_2026"]);
  assert.deepEqual(tables("public.star*"), ["public|star*"]);
  assert.equal(refusal("public.(x|*)").code, "usage.invalid-value");
});

test("a question mark stands for a byte that is not UTF-8 too, however it is told", () => {
  const bytes = { relations: [{ schema: "public", name: "caf\\xe9" }], schemas: ["public"] };
  const { relations: found } = resolveTables({ tables: ["public.caf?"], schemas: [] }, bytes);
  assert.deepEqual(found, bytes.relations);
});

test("a table that is not in the dump is refused with the nearest names, never ignored", () => {
  const failure = refusal("public.user");
  assert.equal(failure.code, "usage.invalid-value");
  assert.equal(failure.meaning.exit, 2);
  assert.match(failure.hint ?? "", /nearest are public\.users/);
  assert.throws(() => resolveTables({ tables: [], schemas: ["publik"] }, known), {
    code: "usage.invalid-value",
  });
  assert.throws(() => resolveTables({ tables: ["x"], schemas: [] }, { relations: [], schemas: [] }), {
    hint: "It holds no table at all.",
  });
});

test("schemas are found by name or pattern", () => {
  const schemas = (...typed: readonly string[]) =>
    resolveTables({ tables: [], schemas: typed }, known).schemas;
  assert.deepEqual(schemas("has.dot"), ["has.dot"]);
  assert.deepEqual(schemas("*"), ["first", "has.dot", "public"]);
});
