import assert from "node:assert/strict";
import { test } from "node:test";
import { failureTable } from "../../src/domain/failure-table.ts";
import { loadSources } from "./source-tree.ts";

/** Codes that stand in the table before anything raises them, with the release or issue that will. */
const planned: Readonly<Record<string, string>> = {};

const sources = loadSources().filter((file) => file.path !== "domain/failure-table.ts");

test("every failure code of the table is raised somewhere, or planned", () => {
  const unused = Object.keys(failureTable).filter(
    (code) => !sources.some((file) => file.text.includes(`"${code}"`)) && !Object.hasOwn(planned, code),
  );
  assert.deepEqual(unused, []);
});

test("nothing is planned that exists already or is not in the table", () => {
  const stale = Object.keys(planned).filter(
    (code) => !Object.hasOwn(failureTable, code) || sources.some((file) => file.text.includes(`"${code}"`)),
  );
  assert.deepEqual(stale, []);
});
