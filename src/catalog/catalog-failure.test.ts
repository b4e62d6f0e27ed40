import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { catalogFailure } from "./catalog-failure.ts";

test("an I/O error, which is what a full disk often shows as, sends the operator to df first", () => {
  // as node:sqlite throws it when the -shm file cannot grow (SQLITE_IOERR_SHMSIZE)
  const thrown = Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR", errcode: 4874 });
  const { code, hint } = catalogFailure(thrown, { path: "/state/catalog.db", verb: "open" });
  assert.equal(code, "catalog.io");
  assert.match(hint ?? "", /full \(df\)/);
});

test("a directory that is not there sends the operator to its mount", () => {
  const open = () => new DatabaseSync("/nowhere/at/all/catalog.db");
  const failure = caught(open);
  assert.match(failure.hint ?? "", /exists, is mounted/);
});

function caught(work: () => unknown) {
  try {
    work();
  } catch (error) {
    return catalogFailure(error, { path: "/nowhere/at/all/catalog.db", verb: "open" });
  }
  throw new Error("it did not throw");
}
