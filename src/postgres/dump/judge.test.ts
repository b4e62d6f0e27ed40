import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../domain/failure.ts";
import type { ChildEnd } from "../../platform/child.ts";
import { judgeDump, parseMessages } from "./judge.ts";

function codeOf(end: ChildEnd): string {
  try {
    judgeDump(end, "codexdb");
    return "none";
  } catch (error) {
    assert.ok(error instanceof Failure);
    return error.code;
  }
}

const exited = (code: number, stderr: string): ChildEnd => ({ kind: "exited", code, stderr });

test("an error on stderr makes a dump bad although it exited with 0", () => {
  const stderr = "pg_dump: warning: something\npg_dump: error: query failed: ERROR:  out of luck\n";
  assert.equal(codeOf(exited(0, stderr)), "postgres.dump-stderr");
});

test("warnings alone are kept and do no harm", () => {
  const stderr =
    "pg_dump: warning: there are circular foreign-key constraints on this table:\npg_dump: detail: t\n";
  assert.deepEqual(judgeDump(exited(0, stderr), "codexdb"), [
    "there are circular foreign-key constraints on this table: (t)",
  ]);
});

test("a signal is a failure, whatever was printed", () => {
  assert.equal(codeOf({ kind: "signalled", signal: "SIGKILL", stderr: "" }), "postgres.dump-failed");
});

test("a lock that was not got in time is told from other errors by the statement that pg_dump quotes", () => {
  const query = "pg_dump: detail: Query was: LOCK TABLE public.t IN ACCESS SHARE MODE\n";
  const timeout = "pg_dump: error: query failed: ERROR:  canceling statement due to statement timeout\n";
  assert.equal(codeOf(exited(1, timeout + query)), "postgres.lock-timeout");
  assert.equal(codeOf(exited(1, timeout)), "postgres.dump-failed");
  const denied = "pg_dump: error: query failed: ERROR:  permission denied for table t\n";
  assert.equal(codeOf(exited(1, denied + query)), "postgres.permission");
});

test("lines that belong to a message stay with it", () => {
  const stderr = "pg_dump: error: a\npg_dump: hint: b\n\tc\npg_dump: dumping contents\nprogress\n";
  assert.deepEqual(parseMessages(stderr), {
    errors: ["a (b) (c)"],
    warnings: ["dumping contents (progress)"],
  });
});
