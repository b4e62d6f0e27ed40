import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { formatStableJson } from "../domain/json.ts";
import {
  capsules,
  extractTo,
  freshFolder,
  type Made,
  makeTree,
  pictureOf,
  unaborted,
  writeTo,
} from "./testing/sample-tree.ts";

const latin1Name = fc
  .uint8Array({ minLength: 1, maxLength: 30 })
  .map((bytes) =>
    Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x5f : byte))).toString("latin1"),
  );
const textName = fc
  .oneof(
    fc.constantFrom(
      "a",
      "same",
      " blank ",
      "new\nline",
      "😀",
      "é",
      "e\u0301",
      "-rf",
      "back\\slash",
      "C:",
      "x".repeat(250),
      "...",
    ),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }).map((name) => name.replaceAll(/[/\0]/g, "_")),
  )
  .map((name) => Buffer.from(name).toString("latin1"));
const name = fc.oneof(textName, latin1Name).filter((raw) => raw !== "." && raw !== "..");
const path = fc.array(name, { minLength: 1, maxLength: 6 }).map((names) => names.join("/"));
const content = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
  fc.nat(300_000).map((size) => Buffer.alloc(size, "line of a log\n")),
);
const made: fc.Arbitrary<Made> = fc.oneof(
  fc.record({ kind: fc.constant("file" as const), content, modifiedMs: fc.integer({ min: 1, max: 4e12 }) }),
  fc.constant({ kind: "folder" as const }),
  latin1Name.map((target) => ({ kind: "link" as const, target })),
);

/** Paths that lie below something that is no folder, or repeat one, are dropped. */
function fitting(pairs: readonly (readonly [string, Made])[]): Record<string, Made> {
  const tree: Record<string, Made> = {};
  for (const [at, what] of pairs) {
    const clash = Object.keys(tree).some(
      (other) => `${at}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${at}/`),
    );
    if (!clash) tree[at] = what;
  }
  return tree;
}

test("any tree comes back equal, its capsule checks, and a capsule of the copy has the same bytes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(path, made), { maxLength: 25 }), async (pairs) => {
      const base = mkdtempSync(join(tmpdir(), "codex-capsule-property-"));
      try {
        const [root, copy] = [join(base, "root"), join(base, "copy")];
        makeTree(root, { ...fitting(pairs), "always here": { kind: "file", content: "x" } });
        const written = await writeTo(join(base, "1.zip"), root);
        assert.deepEqual(written.leftOut, []);
        const listed = await capsules.check(join(base, "1.zip"), { signal: unaborted });
        assert.equal(formatStableJson(listed), formatStableJson(written.entries));
        assert.equal(await extractTo(join(base, "1.zip"), copy), listed.length);
        assert.deepEqual(pictureOf(copy), pictureOf(root));
        await writeTo(join(base, "2.zip"), copy);
        assert.ok(readFileSync(join(base, "1.zip")).equals(readFileSync(join(base, "2.zip"))));
      } finally {
        rmSync(base, { recursive: true, force: true });
      }
    }),
    { numRuns: 25 },
  );
});

test("modes and times of files and folders come back, set-user bits do not", async (t) => {
  const base = freshFolder(t);
  const root = join(base, "root");
  makeTree(root, { "dir/run": { kind: "file", content: "#!/bin/sh", modifiedMs: 1_234_567_890_987 } });
  chmodSync(join(root, "dir/run"), 0o4751);
  chmodSync(join(root, "dir"), 0o555);
  const { entries } = await writeTo(join(base, "c.zip"), root);
  assert.deepEqual(
    entries.map(({ path, mode }) => [path, mode]),
    [
      ["dir/", "0555"],
      ["dir/run", "4751"],
    ],
  );
  await extractTo(join(base, "c.zip"), join(base, "out"));
  const stat = statSync(join(base, "out/dir/run"));
  assert.equal(stat.mode & 0o7777, 0o751);
  assert.equal(Math.floor(stat.mtimeMs), 1_234_567_890_987);
  assert.equal(statSync(join(base, "out/dir")).mode & 0o777, 0o555);
});

test("a file larger than memory allows is streamed and comes back equal", async (t) => {
  const base = freshFolder(t);
  const root = join(base, "root");
  const lines = Array.from({ length: 400_000 }, (_, n) => `${n} a line that differs ${n * 7919}\n`).join("");
  makeTree(root, { "big.log": { kind: "file", content: lines }, z: { kind: "file", content: "after" } });
  assert.ok(lines.length > 9 * 1024 * 1024);
  const { entries } = await writeTo(join(base, "c.zip"), root);
  assert.equal(entries[0]?.sizeBytes, lines.length);
  await capsules.check(join(base, "c.zip"), { signal: unaborted });
  await extractTo(join(base, "c.zip"), join(base, "out"));
  assert.deepEqual(pictureOf(join(base, "out")), pictureOf(root));
  const stream = await capsules.openEntry(join(base, "c.zip"), "big.log");
  const read = Buffer.concat(await Array.fromAsync(stream));
  assert.equal(read.toString(), lines);
});

test("a user's own codex-capsule.json keeps its name; the list takes the next free one", async (t) => {
  const base = freshFolder(t);
  const root = join(base, "root");
  makeTree(root, {
    "codex-capsule.json": { kind: "file", content: "mine" },
    "codex-capsule-1.json/x": { kind: "file", content: "a folder of that name" },
  });
  await writeTo(join(base, "c.zip"), root);
  await capsules.check(join(base, "c.zip"), { signal: unaborted });
  await extractTo(join(base, "c.zip"), join(base, "out"));
  assert.deepEqual(pictureOf(join(base, "out")), pictureOf(root));
  const stream = await capsules.openEntry(join(base, "c.zip"), "codex-capsule.json");
  assert.equal(Buffer.concat(await Array.fromAsync(stream)).toString(), "mine");
});

test("a root that is a link is resolved once; equal names in different folders stay apart", async (t) => {
  const base = freshFolder(t);
  makeTree(join(base, "real"), {
    "a/same.json": { kind: "file", content: "1" },
    "b/same.json": { kind: "file", content: "2" },
  });
  symlinkSync("real", join(base, "root"));
  const { entries, contentBytes } = await writeTo(join(base, "c.zip"), join(base, "root"));
  assert.deepEqual(
    entries.map((entry) => entry.path),
    ["a/", "a/same.json", "b/", "b/same.json"],
  );
  assert.equal(contentBytes, 2);
});

test("only what is asked for is extracted, with the folders above it", async (t) => {
  const base = freshFolder(t);
  makeTree(join(base, "root"), {
    "a/b/one": { kind: "file", content: "1" },
    "a/b2": { kind: "file", content: "2" },
    c: { kind: "file", content: "3" },
  });
  await writeTo(join(base, "c.zip"), join(base, "root"));
  await extractTo(join(base, "c.zip"), join(base, "out"), ["a/b/"]);
  assert.deepEqual(Object.keys(pictureOf(join(base, "out"))), ["a/", "a/b/", "a/b/one"]);
  await assert.rejects(extractTo(join(base, "c.zip"), join(base, "none"), ["a/b", "typo"]), {
    code: "capsule.entry-missing",
  });
  await assert.rejects(capsules.openEntry(join(base, "c.zip"), "a"), { code: "capsule.entry-missing" });
});

test("nothing that stands in the target is overwritten unless asked, and folders never", async (t) => {
  const base = freshFolder(t);
  const [root, out, zip] = [join(base, "root"), join(base, "out"), join(base, "c.zip")];
  makeTree(root, { f: { kind: "file", content: "new" }, l: { kind: "link", target: "f" } });
  await writeTo(zip, root);
  makeTree(out, { f: { kind: "file", content: "old" }, l: { kind: "link", target: "g" } });
  await assert.rejects(extractTo(zip, out), { code: "capsule.target-exists" });
  assert.equal(readFileSync(join(out, "f"), "utf8"), "old");
  const options = { target: out, overwrite: true, only: [], signal: unaborted };
  await capsules.extract(zip, options);
  assert.deepEqual(pictureOf(out), pictureOf(root));
  rmSync(join(out, "f"));
  mkdirSync(join(out, "f"));
  writeFileSync(join(out, "f/precious"), "x");
  await assert.rejects(capsules.extract(zip, options), { code: "capsule.target-exists" });
  assert.equal(readFileSync(join(out, "f/precious"), "utf8"), "x");
});
