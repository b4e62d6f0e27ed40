import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { instant } from "../instant.ts";
import { parseBackupFile } from "./backup-file.ts";
import { formatConfigCopy, newestConfigCopy, parseConfigCopy } from "./config-copy-name.ts";

const second = fc.integer({ min: 0, max: 4_000_000_000 }).map((s) => instant(s * 1000));
const mark = fc.stringMatching(/^[0-9a-f]{12}$/);
const copy = fc.tuple(second, mark).map(([at, of]) => ({ at, mark: of }));

test("what is formatted is parsed, and the newest sorts last", () => {
  fc.assert(
    fc.property(fc.array(copy, { minLength: 1 }), (copies) => {
      const names = copies.map(formatConfigCopy);
      assert.deepEqual(names.map(parseConfigCopy), copies);
      const newest = newestConfigCopy([...names, "codexdb.sql", ".codex-backup"]);
      assert.equal(parseConfigCopy(newest ?? "")?.at, Math.max(...copies.map(({ at }) => at)));
    }),
  );
});

test("it is never taken for the file of a backup that has a manifest, nor another file for it", () => {
  const name = formatConfigCopy({ at: instant(0), mark: "0123456789ab" });
  assert.equal(parseBackupFile(name), null);
  for (const other of ["codexdb.sql.age", `${name}.minisig`, name.toUpperCase(), `x${name}`])
    assert.equal(parseConfigCopy(other), null, other);
  assert.equal(newestConfigCopy(["codexdb.sql"]), null);
});
