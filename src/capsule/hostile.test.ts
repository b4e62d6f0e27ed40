import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Forged, forgeCapsule } from "./testing/forge-zip.ts";
import { capsules, extractTo, freshFolder, makeTree, unaborted, writeTo } from "./testing/sample-tree.ts";

const evil = { content: "evil" };

/** As in yauzl's test/failure: the name of each case is the error that is expected. */
const unsafe: Readonly<Record<string, readonly Forged[]>> = {
  "leads out of the target": [{ raw: "../evil", ...evil }],
  "leads out of the target, deeper": [{ raw: "a/../../evil", ...evil }],
  "is absolute": [{ raw: "/tmp/codex-capsule-evil", ...evil }],
  "has an empty part": [{ raw: "a//evil", ...evil }],
  "has an empty part, a dot": [{ raw: "./evil", ...evil }],
  "holds a zero byte": [{ raw: "a\0b", ...evil }],
  "which is no folder": [
    { raw: "a", kind: "symlink", content: "/tmp" },
    { raw: "a/evil", ...evil },
  ],
  "which is no folder, a file": [{ raw: "a" }, { raw: "a/evil", ...evil }],
};

for (const [expected, forged] of Object.entries(unsafe)) {
  test(`refused before anything is written: its name ${expected}`, async (t) => {
    const base = freshFolder(t);
    const zip = join(base, "c.zip");
    forgeCapsule(zip, forged);
    const pattern = new RegExp(expected.split(",")[0] ?? expected);
    const refusal = { code: "capsule.unsafe-path", message: pattern };
    await assert.rejects(extractTo(zip, join(base, "in/target")), refusal);
    await assert.rejects(capsules.check(zip, { signal: unaborted }), refusal);
    assert.deepEqual(readdirSync(base), ["c.zip"], "not even the target was made");
    assert.equal(existsSync("/tmp/codex-capsule-evil"), false);
  });
}

/** Headers, content and list that contradict each other. */
const contradictions: Readonly<Record<string, readonly Forged[]>> = {
  "holds 2 entries and lists 1": [{ raw: "a" }, { raw: "b", isUnlisted: true }],
  "another entry in its place": [{ raw: "a", listed: { path: "b" } }],
  "out of order, or there twice": [{ raw: "a" }, { raw: "a" }],
  "type or mode": [{ raw: "a", listed: { mode: "0777" } }],
  "type or mode differ": [{ raw: "a", kind: "symlink", content: "x", listed: { type: "file" } }],
  "its time differs": [{ raw: "a", listed: { modifiedAt: "2020-01-01T00:00:00.000Z" } }],
  "bytes, 9 by the list": [{ raw: "a", content: "x", listed: { sizeBytes: 9 } }],
  "its sha256 is": [{ raw: "a", content: "x", listed: { sha256: "0".repeat(64) } }],
  "its CRC is": [{ raw: "a", content: "x", lies: { crc32: 1 } }],
  "it is no entry list": [{ raw: "a", listed: { mode: "rwx" } }],
};

for (const [expected, forged] of Object.entries(contradictions)) {
  test(`a capsule that contradicts itself fails its check: ${expected}`, async (t) => {
    const zip = join(freshFolder(t), "c.zip");
    forgeCapsule(zip, forged);
    await assert.rejects(capsules.check(zip, { signal: unaborted }), { message: new RegExp(expected) });
  });
}

test("a file whose content is not the listed one is not left in the target", async (t) => {
  const base = freshFolder(t);
  const zip = join(base, "c.zip");
  forgeCapsule(zip, [
    { raw: "a", content: "good" },
    { raw: "b", content: "x", listed: { sha256: "0".repeat(64) } },
  ]);
  await assert.rejects(extractTo(zip, join(base, "out")), {
    code: "capsule.mismatch",
    message: /at least 1 of 2 entries are in/,
  });
  assert.deepEqual(readdirSync(join(base, "out")), ["a"]);
});

test("backslashes and drive letters are plain parts of a name on Linux and stay inside", async (t) => {
  const base = freshFolder(t);
  const zip = join(base, "c.zip");
  forgeCapsule(zip, [
    { raw: "..\\..\\evil", ...evil },
    { raw: "C:\\x", ...evil },
  ]);
  await extractTo(zip, join(base, "out"));
  assert.deepEqual(readdirSync(join(base, "out")).toSorted(), ["..\\..\\evil", "C:\\x"]);
  assert.deepEqual(readdirSync(base).toSorted(), ["c.zip", "out"]);
});

test("a link that stands in the target is never written through, also when overwriting", async (t) => {
  const base = freshFolder(t);
  const [out, outside, zip] = [join(base, "out"), join(base, "outside"), join(base, "c.zip")];
  mkdirSync(outside);
  mkdirSync(out);
  writeFileSync(join(outside, "precious"), "old");
  symlinkSync(outside, join(out, "dir"));
  symlinkSync(join(outside, "precious"), join(out, "file"));
  const options = { target: out, overwrite: true, only: [], signal: unaborted };
  forgeCapsule(zip, [{ raw: "dir/evil", ...evil }]);
  await assert.rejects(capsules.extract(zip, options), { code: "capsule.target-exists" });
  forgeCapsule(zip, [{ raw: "file", ...evil }]);
  await capsules.extract(zip, options);
  assert.equal(readFileSync(join(outside, "precious"), "utf8"), "old");
  assert.equal(readFileSync(join(out, "file"), "utf8"), "evil");
  assert.deepEqual(readdirSync(outside), ["precious"]);
});

test("a bomb unfolds to no more than its header admits", async (t) => {
  const base = freshFolder(t);
  const root = join(base, "root");
  makeTree(root, { bomb: { kind: "file", content: Buffer.alloc(4_000_000) } });
  await writeTo(join(base, "c.zip"), root);
  const bytes = readFileSync(join(base, "c.zip"));
  const small = Buffer.alloc(4);
  small.writeUInt32LE(100);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(4_000_000);
  for (let at = bytes.indexOf(size); at >= 0; at = bytes.indexOf(size)) small.copy(bytes, at);
  writeFileSync(join(base, "bad.zip"), bytes);
  await assert.rejects(capsules.check(join(base, "bad.zip"), { signal: unaborted }), {
    code: "capsule.mismatch",
  });
});

test("cut short anywhere, or with anything added, it is not a capsule any more", async (t) => {
  const base = freshFolder(t);
  makeTree(join(base, "root"), { a: { kind: "file", content: "hello\n".repeat(50) } });
  const zip = join(base, "c.zip");
  await writeTo(zip, join(base, "root"));
  const bytes = readFileSync(zip);
  const bad = join(base, "bad.zip");
  const tries = [0, 1, 21, 22, 100, bytes.length - 23, bytes.length - 1].map((end) => bytes.subarray(0, end));
  const added = [Buffer.concat([bytes, Buffer.from("x")]), Buffer.concat([Buffer.from("x"), bytes])];
  for (const broken of [...tries, ...added, Buffer.concat([bytes, bytes])]) {
    writeFileSync(bad, broken);
    await assert.rejects(capsules.check(bad, { signal: unaborted }), {
      code: /capsule\.(unreadable|mismatch)/,
    });
  }
});
