import assert from "node:assert/strict";
import { test } from "node:test";
import type { CapsuleEntry } from "../backups/manifest.ts";
import { compareCapsules, type ExtractedEntry } from "./compare-capsules.ts";

const at = "2026-11-23T01:00:00.000Z";
const file: CapsuleEntry = {
  path: "ledger/2026/one.txt",
  type: "file",
  sizeBytes: 1200,
  modifiedAt: at,
  mode: "0640",
  sha256: "a",
  state: "stable",
};
const folder: CapsuleEntry = {
  ...file,
  path: "annals/",
  type: "directory",
  sizeBytes: 0,
  mode: "0750",
  sha256: null,
};
const link: CapsuleEntry = {
  ...file,
  path: "newest",
  type: "symlink",
  sizeBytes: 5,
  mode: "0777",
  sha256: "b",
};
const odd: CapsuleEntry = { ...file, path: "�", pathBytes: Buffer.from([0xff]).toString("base64") };
const recorded = [folder, file, link, odd];

/** With the folders of the file, for which no entry stands. */
const extracted: readonly ExtractedEntry[] = [
  { ...folder, path: "ledger/", mode: "0700" },
  { ...folder, path: "ledger/2026/", mode: "0700" },
  ...recorded.map(({ state: _, ...entry }) => entry),
];

function changed(path: string, changes: Partial<ExtractedEntry>): readonly ExtractedEntry[] {
  return extracted.map((entry) => (entry.path === path ? { ...entry, ...changes } : entry));
}

test("an extracted capsule that is as recorded has no difference, and says what was compared", () => {
  const { differences, compared, unproven } = compareCapsules(recorded, extracted, false);
  assert.deepEqual([differences, unproven], [[], []]);
  assert.deepEqual(compared, { files: 2, directories: 1, links: 1, bytes: 2400 });
});

test("set-user, set-group and sticky bits are not given back: they are unproven, and the other bits compared", () => {
  const before = recorded.map((entry) =>
    entry === file ? { ...entry, mode: "4640" } : entry === folder ? { ...entry, mode: "1750" } : entry,
  );
  const { differences, unproven } = compareCapsules(before, extracted, false);
  const object = "set-user, set-group or sticky bits of directory annals/ and 1 more";
  assert.deepEqual([differences, unproven.map((one) => one.object)], [[], [object]]);
  const open = changed(file.path, { mode: "0644" });
  assert.equal(compareCapsules(before, open, false).differences.length, 1);
  const given = changed(file.path, { mode: "4640" });
  assert.equal(compareCapsules(before, given, false).differences.length, 1); // nobody may get them unasked
});

test("the mode of a link that the system does not keep is unproven", () => {
  const before = recorded.map((entry) => (entry === link ? { ...entry, mode: "0755" } : entry));
  const { differences, unproven } = compareCapsules(before, extracted, false);
  assert.deepEqual([differences, unproven.map(({ object }) => object)], [[], ["modes of link newest"]]);
});

const cases: readonly (readonly [string, readonly ExtractedEntry[], string])[] = [
  [
    "a file that is gone",
    extracted.filter(({ path }) => path !== file.path),
    "file ledger/2026/one.txt is missing",
  ],
  [
    "a file that nobody recorded",
    [...extracted, { ...file, path: "ledger/2026/two.txt" }],
    "file ledger/2026/two.txt was not recorded",
  ],
  [
    "a folder that nobody recorded",
    [...extracted, { ...folder, path: "other/" }],
    "directory other/ was not recorded",
  ],
  ["other bytes", changed(file.path, { sha256: "x" }), "file ledger/2026/one.txt differs in its content"],
  [
    "another size",
    changed(file.path, { sizeBytes: 1199, sha256: "x" }),
    "file ledger/2026/one.txt differs (1,200 bytes recorded, 1,199 extracted)",
  ],
  [
    "another mode",
    changed(file.path, { mode: "0644" }),
    "mode of file ledger/2026/one.txt is 0644, recorded 0640",
  ],
  [
    "another time",
    changed(folder.path, { modifiedAt: "2026-11-23T01:00:00.001Z" }),
    `time of directory annals/ is 2026-11-23T01:00:00.001Z, recorded ${at}`,
  ],
  [
    "a link of another time",
    changed(link.path, { modifiedAt: "2026-11-23T02:00:00.000Z" }),
    `time of link newest is 2026-11-23T02:00:00.000Z, recorded ${at}`,
  ],
  ["another target", changed(link.path, { sha256: "x" }), "link newest leads elsewhere"],
  [
    "a link in place of a file",
    changed(file.path, { type: "symlink" }),
    "ledger/2026/one.txt is a link, recorded a file",
  ],
  [
    "a name that is no text, and other bytes",
    changed(odd.path, { sha256: "x" }),
    "file � differs in its content",
  ],
];

for (const [what, after, line] of cases) {
  test(`${what} is one difference that names it`, () => {
    assert.deepEqual(compareCapsules(recorded, after, false).differences, [line]);
  });
}

test("two names that are no text and look alike are told apart", () => {
  const other = { ...odd, pathBytes: Buffer.from([0xfe]).toString("base64") };
  assert.equal(compareCapsules([odd], [other], false).differences.length, 2);
});

test("of the zip of another program modes and times are unproven, and its content is compared", () => {
  const after = changed(file.path, { mode: "0644", modifiedAt: "1980-01-01T00:00:00.000Z" });
  const { differences, unproven } = compareCapsules(recorded, after, true);
  assert.deepEqual([differences, unproven.length], [[], 1]);
  const rotten = compareCapsules(recorded, changed(file.path, { sha256: "x" }), true);
  assert.equal(rotten.differences.length, 1);
});
