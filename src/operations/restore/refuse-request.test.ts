import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../domain/failure.ts";
import { refuseRequest } from "./refuse-request.ts";
import type { DatabaseRestore } from "./restore-database.ts";

function refusalOf(to: string, overwrite: string | null = null): string | null {
  // Of a request, only its names are looked at here.
  const request = { to, overwrite, withoutOwners: false } as DatabaseRestore;
  try {
    refuseRequest({ ...request, dump: {} as DatabaseRestore["dump"] });
    return null;
  } catch (error) {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, "usage.refused");
    return error.message;
  }
}

test("a name that PostgreSQL would cut is refused before anything is restored", () => {
  assert.equal(refusalOf("ü".repeat(31)), null);
  assert.match(refusalOf("ü".repeat(32)) ?? "", /1 to 63 bytes, this one 64$/);
  assert.match(refusalOf("") ?? "", /this one 0$/);
});

test("a name that was not UTF-8 when it was typed is refused", () => {
  assert.match(refusalOf("n\ufffdw") ?? "", /^Cannot restore into "n\ufffdw": it holds U\+FFFD/);
});

test("the database to which restores log in cannot be replaced, and that is said beforehand", () => {
  assert.match(refusalOf("postgres", "postgres") ?? "", /^Cannot overwrite "postgres"/);
  assert.equal(refusalOf("postgres"), null);
  assert.equal(refusalOf("live", "live"), null);
});
