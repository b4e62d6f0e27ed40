import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeWholeFile } from "./write-whole-file.ts";

test("a file has its name only when it is whole, and never takes another's", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "codex-whole-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "key.txt");
  assert.equal(await writeWholeFile(path, "secret", "token"), true);
  assert.deepEqual([readFileSync(path, "utf8"), statSync(path).mode & 0o777], ["secret", 0o600]);
  assert.equal(await writeWholeFile(path, "another", "token"), false);
  assert.deepEqual(readdirSync(directory), ["key.txt"]);
  assert.equal(readFileSync(path, "utf8"), "secret");
  writeFileSync(join(directory, ".key.txt.taken"), "");
  await assert.rejects(writeWholeFile(path, "another", "taken"), { code: "EEXIST" });
});
