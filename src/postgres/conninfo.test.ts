import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatConninfo, formatServerOptions } from "./conninfo.ts";

/** libpq's own reading of keyword strings (conninfo_parse), for values in quotes. */
function readConninfo(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, keyword = "", value = ""] of text.matchAll(/(\w+)='((?:[^'\\]|\\[\s\S])*)'(?: |$)/g)) {
    found[keyword] = value.replace(/\\([\s\S])/g, "$1");
  }
  return found;
}

test("any value comes back out of a connection string, whatever it holds", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (dbname, host) => {
      assert.deepEqual(readConninfo(formatConninfo({ dbname, host })), { dbname, host });
    }),
  );
});

test("server options keep blanks and backslashes inside a value", () => {
  assert.equal(
    formatServerOptions({ timezone: "UTC", default_transaction_isolation: "read committed", x: "a\\b" }),
    "-c timezone=UTC -c default_transaction_isolation=read\\ committed -c x=a\\\\b",
  );
});
