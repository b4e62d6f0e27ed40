import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Forged, forgeZip } from "./testing/forge-zip.ts";
import {
  capsules,
  freshFolder,
  makeTree,
  pictureOf,
  run,
  unaborted,
  writeTo,
} from "./testing/sample-tree.ts";

const content = "x";

function extracting(target: string, only: readonly string[] = [], overwrite = false) {
  return { target, overwrite, only, signal: unaborted };
}

interface Zipped {
  readonly base: string;
  readonly zip: string;
  readonly out: string;
}

function zipOf(t: TestContext, forged: readonly Forged[]): Zipped {
  const base = freshFolder(t);
  const zip = join(base, "z.zip");
  forgeZip(zip, forged);
  return { base, zip, out: join(base, "out") };
}

test("a zip of the zip program comes back as the tree that it was made from", async (t) => {
  const { base, out } = zipOf(t, []);
  const [root, zip] = [join(base, "root"), join(base, "made.zip")];
  const modifiedMs = 1_700_000_000_000;
  makeTree(root, {
    "ledger/entry.json": { kind: "file", content: '{"amount": 12}\n', modifiedMs },
    "large.bin": { kind: "file", content: Buffer.alloc(9_000_000, "codex"), modifiedMs },
    "Ünï \\ name": { kind: "file", content: "", modifiedMs },
    "empty folder": { kind: "folder" },
    link: { kind: "link", target: "ledger/entry.json" },
  });
  await run("zip", ["-q", "-r", "-y", zip, "."], { cwd: root });
  assert.equal(await capsules.originOf(zip), "foreign");
  assert.equal(await capsules.extractForeign(zip, extracting(out)), 6);
  const withoutFolderTimes = (picture: Readonly<Record<string, string>>) =>
    Object.entries(picture)
      .filter(([name]) => !name.endsWith("/"))
      .sort();
  assert.deepEqual(withoutFolderTimes(pictureOf(out)), withoutFolderTimes(pictureOf(root)));
  assert.ok(readdirSync(out).includes("empty folder"));
});

test("a capsule of ours is told from a zip of others", async (t) => {
  const { base } = zipOf(t, []);
  makeTree(join(base, "root"), { a: { kind: "file", content } });
  await writeTo(join(base, "c.zip"), join(base, "root"));
  assert.equal(await capsules.originOf(join(base, "c.zip")), "capsule");
});

/** As in yauzl's test/failure: the name of each case is the error that is expected. */
const unsafe: Readonly<Record<string, readonly Forged[]>> = {
  "leads out of the target": [
    { raw: "good", content },
    { raw: "a/../../evil", content },
  ],
  "is absolute": [{ raw: "/tmp/codex-capsule-evil", content }],
  "holds a zero byte": [{ raw: "a\0b", content }],
  "it would lie inside": [
    { raw: "a", kind: "symlink", content: "/tmp" },
    { raw: "a/evil", content },
  ],
  "it would lie inside, the link comes last": [
    { raw: "a/evil", content },
    { raw: "a", kind: "symlink", content: "/tmp" },
  ],
  "it is in the zip twice": [{ raw: "a", content }, { raw: "b" }, { raw: "./a", content: "other" }],
  "it shares its bytes with another": [
    { raw: "a", content, lies: { compressedBytes: 20, sizeBytes: 20 } },
    { raw: "b", content },
  ],
  "a target of more than 4096 bytes": [{ raw: "a", kind: "symlink", content: "x".repeat(5000) }],
};

for (const [expected, forged] of Object.entries(unsafe)) {
  test(`a foreign zip is refused before anything is written: ${expected}`, async (t) => {
    const { base, zip, out } = zipOf(t, forged);
    const refusal = { code: "capsule.unsafe-path", message: new RegExp(expected.split(",")[0] ?? expected) };
    await assert.rejects(capsules.extractForeign(zip, extracting(out)), refusal);
    await assert.rejects(capsules.originOf(zip), refusal);
    assert.deepEqual(readdirSync(base), ["z.zip"], "not even the target was made");
  });
}

test("names with dots and double slashes are those without, and --only finds them", async (t) => {
  const forged: readonly Forged[] = [
    { raw: "./", kind: "directory" },
    { raw: "./a//b", content },
    { raw: "./c", content },
  ];
  const { zip, out } = zipOf(t, forged);
  await capsules.extractForeign(zip, extracting(out, ["a"]));
  assert.deepEqual(readdirSync(out), ["a"]);
  assert.equal(readFileSync(join(out, "a/b"), "utf8"), "x");
});

test("an entry that does not decode is named before the first is written", async (t) => {
  const { base, zip, out } = zipOf(t, [
    { raw: "a", content },
    { raw: "b", content, lies: { crc32: 1 } },
  ]);
  await assert.rejects(capsules.extractForeign(zip, extracting(out)), {
    code: "capsule.unreadable",
    message: /"b": its CRC/,
  });
  assert.deepEqual(readdirSync(base), ["z.zip"]);
});

test("nothing that is there is overwritten unasked, and never through a link", async (t) => {
  const { base, zip, out } = zipOf(t, [{ raw: "file", content }]);
  mkdirSync(out);
  writeFileSync(join(base, "precious"), "old");
  symlinkSync(join(base, "precious"), join(out, "file"));
  await assert.rejects(capsules.extractForeign(zip, extracting(out)), { code: "capsule.target-exists" });
  await capsules.extractForeign(zip, extracting(out, [], true));
  assert.equal(readFileSync(join(base, "precious"), "utf8"), "old");
  assert.equal(readFileSync(join(out, "file"), "utf8"), "x");
});
