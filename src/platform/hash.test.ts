import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { hashPaths } from "./hash.ts";
import { hashPath } from "./hash-path.ts";

const directory = mkdtempSync(join(tmpdir(), "hash-"));
after(() => rmSync(directory, { recursive: true }));

function fileOf(name: string, bytes: Buffer): { readonly path: string; readonly sha256: string } {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return { path, sha256: createHash("sha256").update(bytes).digest("hex") };
}

const signal = new AbortController().signal;

test("large and small, many and few: each hash stands at its file's place", async () => {
  const sizes = [
    0,
    1,
    256 * 1024,
    256 * 1024 + 1,
    9 * 1024 * 1024,
    ...Array.from({ length: 300 }, (_, index) => index),
  ];
  const files = sizes.map((size, index) => fileOf(`f${index}`, randomBytes(size)));
  for (const some of [files, files.slice(0, 3), []]) {
    let last = 0;
    const found = await hashPaths(
      some.map((file) => file.path),
      { signal, onProgress: (bytes) => (last = bytes) },
    );
    assert.deepEqual(
      found.map((each) => each.kind === "hashed" && each.sha256),
      some.map((file) => file.sha256),
    );
    const total = found.reduce((sum, each) => sum + (each.kind === "hashed" ? each.sizeBytes : 0), 0);
    assert.equal(last, total);
  }
});

test("gone, folders and fifos are findings, and do not stop the others", async () => {
  const good = fileOf("good", randomBytes(9 * 1024 * 1024));
  mkdirSync(join(directory, "folder"));
  execFileSync("mkfifo", [join(directory, "fifo")]);
  const names = ["none", "folder", "good", "fifo"];
  const found = await hashPaths(
    names.map((name) => join(directory, name)),
    { signal },
  );
  assert.deepEqual(
    found.map((each) => each.kind),
    ["missing", "unreadable", "hashed", "unreadable"],
  );
  assert.equal(found[2]?.kind === "hashed" && found[2].sha256, good.sha256);
});

test("an abort ends the threads and rejects with its reason", async () => {
  const files = Array.from(
    { length: 4 },
    (_, index) => fileOf(`abort${index}`, randomBytes(17 * 1024 * 1024)).path,
  );
  const abort = new AbortController();
  const reason = new Error("enough");
  await assert.rejects(
    hashPaths(files, { signal: abort.signal, onProgress: () => abort.abort(reason) }),
    reason,
  );
  await assert.rejects(hashPaths(files, { signal: abort.signal }), reason);
});

test("a file that is written to while it is hashed is not stable", () => {
  const { path } = fileOf("moving", randomBytes(40 * 1024 * 1024));
  let changed = false;
  const found = hashPath(path, () => {
    if (!changed) writeFileSync(path, "x", { flag: "a" });
    changed = true;
  });
  assert.equal(found.kind === "hashed" && found.isStable, false);
});
