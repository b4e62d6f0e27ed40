import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRestoreMessages } from "./restore-messages.ts";

const begin = "pg_restore: connecting to database for restore\n";

test("the server's warnings are told among what was done, and its hints are not", () => {
  const said = `${begin}pg_restore: creating TABLE "public.a"\npg_restore: WARNING:  b\nHINT:  c\npg_restore: warning: d\n`;
  assert.deepEqual(parseRestoreMessages(said), { error: null, warnings: ["b", "d"], isFromStart: true });
});

test("an error is one whoever tells it, and what is known of the end alone is known as that", () => {
  const own = `${begin}pg_restore: error: could not read from input file: end of file\n`;
  assert.equal(parseRestoreMessages(own).error, "could not read from input file: end of file");
  const end = 'pg_restore: creating TABLE "public.z"\npg_restore: ERROR:  out of shared memory\n';
  assert.deepEqual(parseRestoreMessages(end), {
    error: "out of shared memory",
    warnings: [],
    isFromStart: false,
  });
});
