import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { makeStorageTree } from "./storage-tree.ts";

test("the artifact tree has equal names in different folders, with different contents, and is repeatable", (t) => {
  const [one, two] = [mkdtempSync(join(tmpdir(), "codex-tree-")), mkdtempSync(join(tmpdir(), "codex-tree-"))];
  t.after(() => [one, two].map((path) => rmSync(path, { recursive: true })));
  const paths = makeStorageTree(one, { files: 300 });
  assert.deepEqual(makeStorageTree(two, { files: 300 }), paths);
  for (const path of paths) assert.deepEqual(readFileSync(join(one, path)), readFileSync(join(two, path)));
  assert.equal(paths.length, 303);
  assert.ok(new Set(paths.map((path) => basename(path))).size < 20);
  const twins = ["ledger/2025/01/entry-0.json", "annals/2025/01/entry-0.json"];
  assert.ok(twins.every((path) => paths.includes(path)));
  const [ledger, annals] = twins.map((path) => readFileSync(join(one, path), "utf8"));
  assert.notEqual(ledger, annals);
});
