import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Fingerprint } from "../backups/fingerprint.ts";
import { compareDumps, tablesInOtherOrder } from "./compare-dumps.ts";
import { describeCompared } from "./comparison.ts";
import { judgeProof } from "./judge-proof.ts";
import { otherWording } from "./other-wording.ts";

const name = fc.stringMatching(/^[a-z]{1,6}$/);
const sha256 = fc.stringMatching(/^[0-9a-f]{8}$/);
const table = fc.record({
  schema: fc.constantFrom("public", "Audit"),
  name,
  columns: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
  rows: fc.nat(2000),
  bytes: fc.nat(),
  sha256,
  blocks: fc.constant(1),
});
const sequence = fc.record({
  schema: fc.constant("public"),
  name,
  value: fc.constantFrom("1", "42"),
  isCalled: fc.boolean(),
});
const largeObject = fc.record({ oid: fc.nat().map(String), sizeBytes: fc.nat(), sha256 });
const entry = fc.record({
  type: fc.constantFrom("FUNCTION", "VIEW", "ACL"),
  schema: fc.constant("public"),
  name,
  sha256,
});
const byName = { selector: ({ schema, name }: { schema: string; name: string }) => `${schema}.${name}` };

const fingerprint: fc.Arbitrary<Fingerprint> = fc.record({
  tables: fc.uniqueArray(table, { ...byName, minLength: 1, maxLength: 4 }),
  sequences: fc.uniqueArray(sequence, { ...byName, minLength: 1, maxLength: 3 }),
  largeObjects: fc.uniqueArray(largeObject, { selector: ({ oid }) => oid, minLength: 1, maxLength: 3 }),
  schemaSha256: sha256,
  entries: fc.uniqueArray(entry, {
    selector: ({ type, schema, name }) => `${type} ${schema}.${name}`,
    minLength: 1,
    maxLength: 4,
  }),
  objects: fc.constant({ SET: 3, "CREATE TABLE": 2, "CREATE FUNCTION": 1 }),
});

/** One thing less, or other than it was, and the word that must stand in the line about it. */
interface Change {
  readonly after: Fingerprint;
  readonly names: string;
}

function withoutFirst<T>(list: readonly T[]): readonly T[] {
  return list.slice(1);
}

function withFirst<T>(list: readonly T[], changes: Partial<T>): readonly T[] {
  return list.map((one, at) => (at === 0 ? { ...one, ...changes } : one));
}

/** Every single change that a tampered or damaged dump can show. */
function changesOf(before: Fingerprint): readonly Change[] {
  const [table] = before.tables;
  const [sequence] = before.sequences;
  const [largeObject] = before.largeObjects;
  const [entry] = before.entries ?? [];
  assert.ok(table && sequence && largeObject && entry);
  const { tables, sequences, largeObjects, entries = [] } = before;
  return [
    { after: { ...before, tables: withoutFirst(tables) }, names: table.name },
    { after: { ...before, tables: withFirst(tables, { rows: table.rows + 1 }) }, names: table.name },
    { after: { ...before, tables: withFirst(tables, { sha256: `${table.sha256}0` }) }, names: table.name },
    { after: { ...before, tables: withFirst(tables, { bytes: table.bytes + 1 }) }, names: table.name },
    {
      after: { ...before, tables: withFirst(tables, { columns: [...table.columns, "more"] }) },
      names: table.name,
    },
    { after: { ...before, sequences: withoutFirst(sequences) }, names: sequence.name },
    { after: { ...before, sequences: withFirst(sequences, { value: "7" }) }, names: sequence.name },
    {
      after: { ...before, sequences: withFirst(sequences, { isCalled: !sequence.isCalled }) },
      names: sequence.name,
    },
    { after: { ...before, largeObjects: withoutFirst(largeObjects) }, names: largeObject.oid },
    {
      after: { ...before, largeObjects: withFirst(largeObjects, { sha256: `${largeObject.sha256}0` }) },
      names: largeObject.oid,
    },
    {
      after: { ...before, largeObjects: withFirst(largeObjects, { sizeBytes: largeObject.sizeBytes + 1 }) },
      names: largeObject.oid,
    },
    { after: { ...before, entries: withoutFirst(entries) }, names: entry.name },
    { after: { ...before, entries: withFirst(entries, { sha256: `${entry.sha256}0` }) }, names: entry.name },
  ];
}

test("what is equal has no difference, and is proven", () => {
  fc.assert(
    fc.property(fingerprint, (recorded) => {
      const comparison = compareDumps(recorded, structuredClone(recorded));
      assert.deepEqual(comparison.differences, []);
      assert.ok(comparison.tables.every(({ match }) => match));
      assert.equal(judgeProof("x", comparison, []).outcome, "proven");
    }),
  );
});

test("each single change is one difference that names the thing, both ways", () => {
  fc.assert(
    fc.property(fingerprint, (recorded) => {
      for (const { after, names } of changesOf(recorded)) {
        for (const [was, is] of [
          [recorded, after],
          [after, recorded],
        ] as const) {
          const comparison = compareDumps(was, is);
          assert.equal(comparison.differences.length, 1, JSON.stringify(comparison.differences));
          assert.ok(comparison.differences[0]?.includes(names), `${comparison.differences[0]}`);
          const judged = judgeProof("x", comparison, []);
          assert.deepEqual([judged.outcome, judged.level], ["mismatch", "unknown"]);
        }
      }
    }),
    { numRuns: 50 },
  );
});

const empty: Fingerprint = {
  tables: [],
  sequences: [],
  largeObjects: [],
  schemaSha256: "a",
  objects: { SET: 9 },
};
const orders = {
  schema: "public",
  name: "orders",
  columns: ["id", "note"],
  rows: 1000,
  bytes: 1,
  sha256: "a",
  blocks: 1,
};

test("the lines say what was recorded and what was restored", () => {
  const users = { ...orders, name: "Users", schema: "public" };
  const recorded: Fingerprint = {
    ...empty,
    tables: [orders, users],
    sequences: [{ schema: "public", name: "s", value: "42", isCalled: true }],
    largeObjects: [{ oid: "16400", sizeBytes: 10, sha256: "a" }],
    entries: [
      { type: "FUNCTION", schema: "public", name: "total(integer)", sha256: "a" },
      { type: "VIEW", schema: "public", name: "daily", sha256: "a" },
    ],
  };
  const restored: Fingerprint = {
    ...recorded,
    tables: [
      { ...orders, rows: 999 },
      { ...users, sha256: "b" },
      { ...orders, name: "ghost", rows: 5 },
    ],
    sequences: [{ schema: "public", name: "s", value: "41", isCalled: true }],
    largeObjects: [{ oid: "16400", sizeBytes: 10, sha256: "b" }],
    entries: [{ type: "FUNCTION", schema: "public", name: "total(integer)", sha256: "b" }],
  };
  const { differences, compared } = compareDumps(recorded, restored);
  assert.deepEqual(differences, [
    "rows of public.orders differ (1,000 recorded, 999 restored)",
    'rows of public."Users" differ (1,000 recorded and restored, in their content or order)',
    "table public.ghost was not recorded (5 rows restored)",
    "sequence public.s is 41, recorded 42",
    "large object 16400 differs in its bytes",
    "function public.total(integer) differs",
    "view public.daily is missing",
  ]);
  assert.equal(
    describeCompared(compared),
    "2 tables, 2,000 rows, 1 sequence, 1 large object, 2 schema objects",
  );
});

test("a schema whose objects were not listed is compared by its statements, then by its text", () => {
  const recorded: Fingerprint = { ...empty, objects: { SET: 9, "CREATE TABLE": 5, "CREATE INDEX": 2 } };
  const fewer = { ...recorded, schemaSha256: "b", objects: { SET: 9, "CREATE TABLE": 4, "CREATE INDEX": 2 } };
  assert.deepEqual(compareDumps(recorded, fewer).differences, ["CREATE TABLE: 5 recorded, 4 restored"]);
  const changed = { ...recorded, schemaSha256: "b" };
  assert.deepEqual(compareDumps(recorded, changed).differences, [
    "the schema's statements differ in their text",
  ]);
  assert.equal(compareDumps(recorded, recorded).compared.schemaObjects, 7);
});

test("subscriptions are never restored, and said to be unproven", () => {
  const recorded: Fingerprint = { ...empty, objects: { "CREATE SUBSCRIPTION": 1, "CREATE TABLE": 1 } };
  const comparison = compareDumps(recorded, { ...recorded, objects: { "CREATE TABLE": 1 } });
  assert.deepEqual([comparison.differences, comparison.unproven.length], [[], 1]);
});

test("what a table called SUBSCRIPTION has is compared, and what is said of a subscription is not", () => {
  const constraint = {
    type: "CONSTRAINT",
    schema: "public",
    name: "SUBSCRIPTION SUBSCRIPTION_pkey",
    sha256: "a",
  };
  const comment = { type: "COMMENT", schema: "", name: "SUBSCRIPTION feed", sha256: "b" };
  const comparison = compareDumps({ ...empty, entries: [constraint, comment] }, { ...empty, entries: [] });
  assert.deepEqual(comparison.differences, ["constraint public.SUBSCRIPTION SUBSCRIPTION_pkey is missing"]);
});

test("a table whose columns come in another order is to be read once more, one with other columns is not", () => {
  const recorded: Fingerprint = { ...empty, tables: [orders, { ...orders, name: "same" }] };
  const other = { ...orders, columns: ["note", "id"] };
  const same = { ...orders, name: "same" };
  assert.deepEqual(tablesInOtherOrder(recorded, { ...empty, tables: [other, same] }), [orders]);
  const foreign = { ...orders, columns: ["note", "number"] };
  assert.deepEqual(tablesInOtherOrder(recorded, { ...empty, tables: [foreign, same] }), []);
});

test("a dump that holds nothing is never proven", () => {
  for (const fingerprint of [
    empty,
    { ...empty, entries: [{ type: "SESSION", schema: "", name: "", sha256: "a" }] },
  ]) {
    const judged = judgeProof("x", compareDumps(fingerprint, fingerprint), []);
    assert.deepEqual([judged.outcome, judged.failure?.code, judged.level], ["failed", "proof.nothing", null]);
  }
});

test("an assertion that is not true, or has no answer, is named, and the copy counts as restored", () => {
  const comparison = { compared: { tables: 1 }, differences: [] };
  const judged = judgeProof("x", comparison, [
    { sql: "select true", outcome: "true", message: null },
    { sql: "select null", outcome: "false", message: "null" },
    { sql: "select nothing", outcome: "failed", message: 'column "nothing" does not exist' },
  ]);
  assert.deepEqual(
    [judged.outcome, judged.failure?.code, judged.level],
    ["mismatch", "proof.assertion", "restored"],
  );
  assert.equal(
    judged.failure?.message,
    'Cannot call "x" proven: "select null" is null, and 1 more assertion',
  );
  const damaged = judgeProof("x", { ...comparison, differences: ["rows differ"] }, [
    { sql: "select false", outcome: "false", message: "f" },
  ]);
  assert.deepEqual([damaged.failure?.code, damaged.level], ["proof.mismatch", "unknown"]);
});

const dumped = { serverVersionNum: 150_020, clientVersion: "17.2" };
const onNewer = otherWording(dumped, { versionNum: 170_002, clientVersion: "17.2" });
const byOther = otherWording(dumped, { versionNum: 150_020, clientVersion: "15.20" });

test("where versions differ, other words are unproven with the reason; rows, sequences and what is gone still differ", () => {
  fc.assert(
    fc.property(fingerprint, fc.nat(), (recorded, at) => {
      const entries = recorded.entries ?? [];
      const one = entries[at % entries.length];
      assert.ok(one !== undefined);
      const worded = {
        ...recorded,
        entries: entries.map((e) => (e === one ? { ...e, sha256: "other" } : e)),
      };
      const found = compareDumps(recorded, worded, onNewer);
      assert.deepEqual(
        [found.differences, found.unproven.map(({ reason }) => reason)],
        [[], [onNewer?.reason]],
      );
      const gone = { ...recorded, entries: entries.filter((e) => e !== one) };
      assert.equal(compareDumps(recorded, gone, onNewer).differences.length, 1);
      assert.deepEqual(compareDumps(recorded, gone, byOther).differences, []);
      const [first, ...others] = recorded.tables;
      assert.ok(first !== undefined);
      const rows = { ...worded, tables: [{ ...first, sha256: "other" }, ...others] };
      for (const wording of [onNewer, byOther])
        assert.equal(compareDumps(recorded, rows, wording).differences.length, 1);
    }),
  );
});

test("many definitions in other words are named up to a number, and the rest is counted", () => {
  const entries = Array.from({ length: 25 }, (_, n) => ({
    type: "VIEW",
    schema: "public",
    name: `v${n}`,
    sha256: "a",
  }));
  const bare: Fingerprint = { tables: [], sequences: [], largeObjects: [], schemaSha256: "a", objects: {} };
  const now = entries.map((one) => ({ ...one, sha256: "b" }));
  const { unproven } = compareDumps({ ...bare, entries }, { ...bare, entries: now }, onNewer);
  assert.deepEqual([unproven.length, unproven.at(-1)?.object], [21, "5 more schema objects"]);
  const text = compareDumps(bare, { ...bare, schemaSha256: "b" }, onNewer);
  assert.deepEqual([text.differences, text.unproven.map(({ object }) => object)], [[], ["the schema"]]);
});
