import assert from "node:assert/strict";
import { test } from "node:test";
import { instant } from "../instant.ts";
import { type ChecksumReviewInput, isNeverListed, reviewChecksums } from "./checksum-review.ts";
import { type ChecksumFinding, judgeChecksums, namesToHash } from "./checksum-verdict.ts";

const a = "a".repeat(64);
const b = "b".repeat(64);
const hour = 3_600_000;
const now = instant(1_000 * hour);
const old = { sizeBytes: 5, modifiedMs: now - 2 * hour };
const fresh = { sizeBytes: 5, modifiedMs: now - 60_000 };

function review(input: Partial<ChecksumReviewInput>) {
  return reviewChecksums({ entries: [], files: [], own: new Map(), seen: [], now, ...input });
}

test("a file that rotted keeps its entry: it is checked, never hashed anew into the file", () => {
  const found = review({ entries: [{ path: "x.zip", sha256: a }], files: [{ name: "x.zip", ...old }] });
  assert.deepEqual(found.toAdopt, []);
  const verdict = judgeChecksums(found, [
    { kind: "hashed", name: "x.zip", sha256: b, isStable: true, sizeBytes: 5 },
  ]);
  assert.equal(verdict.outcome, "damage");
  assert.deepEqual(verdict.mismatched, [{ path: "x.zip", sha256: a }]);
  assert.deepEqual(verdict.toAdd, []);
});

test("our own file without an entry gets the hash of its manifest and is compared with it", () => {
  const found = review({ files: [{ name: "x.sql", ...fresh }], own: new Map([["x.sql", a]]) });
  assert.deepEqual(found.toRestore, [{ path: "x.sql", sha256: a }]);
  const verdict = judgeChecksums(found, [
    { kind: "hashed", name: "x.sql", sha256: b, isStable: true, sizeBytes: 5 },
  ]);
  assert.deepEqual(verdict.toAdd, [{ path: "x.sql", sha256: a }]);
  assert.equal(verdict.outcome, "damage");
});

test("an entry that contradicts the manifest is damage even when the bytes agree with the entry", () => {
  const found = review({
    entries: [{ path: "x.sql", sha256: b }],
    files: [{ name: "x.sql", ...old }],
    own: new Map([["x.sql", a]]),
  });
  assert.deepEqual(found.contradictions, [{ name: "x.sql", entrySha256: b, manifestSha256: a }]);
  const verdict = judgeChecksums(found, [
    { kind: "hashed", name: "x.sql", sha256: b, isStable: true, sizeBytes: 5 },
  ]);
  assert.equal(verdict.outcome, "damage");
});

test("a file of others that may still be written waits; it settles on the next night or after an hour", () => {
  const file = { name: "theirs.zip", ...fresh };
  const first = review({ files: [file] });
  assert.deepEqual([first.toAdopt.length, first.unsettled.length], [0, 1]);
  const soon = reviewChecksums({
    entries: [],
    files: [file],
    own: new Map(),
    seen: first.seen,
    now: instant(now + 60_000),
  });
  assert.equal(soon.toAdopt.length, 0);
  const night = { name: file.name, sizeBytes: 5, modifiedMs: now + 23.5 * hour }; // mtime of a clock that is ahead
  const seen = [{ ...night, firstSeenAt: now }];
  assert.equal(review({ files: [night], seen, now: instant(now + 24 * hour) }).toAdopt.length, 1);
  assert.equal(review({ files: [{ name: "theirs.zip", ...old }] }).toAdopt.length, 1);
});

test("a file that grew since last night starts to wait again", () => {
  const seen = [
    { name: "theirs.zip", sizeBytes: 4, modifiedMs: fresh.modifiedMs, firstSeenAt: instant(now - 24 * hour) },
  ];
  const found = review({ files: [{ name: "theirs.zip", ...fresh }], seen });
  assert.deepEqual(found.toAdopt, []);
  assert.equal(found.seen[0]?.firstSeenAt, now);
});

test("first sights from a clock that was ahead do not settle anything", () => {
  const seen = [{ name: "t.zip", ...fresh, firstSeenAt: instant(now + 5 * hour) }];
  assert.deepEqual(review({ files: [{ name: "t.zip", ...fresh }], seen }).seen[0]?.firstSeenAt, now);
});

test("checksum files, manifests, marks and the restore page never get an entry; dumps and zips do", () => {
  for (const name of [
    "checksums.txt",
    "checksums-2026.txt",
    "test_checksums.txt",
    "x.sha256",
    "x.manifest.json",
    "x.manifest.json.minisig",
    "x.proof-20261123T010000Z.json",
    "x.hold",
    "x.accepted",
    "RESTORE-v1.md",
    ".codex-backup",
    ".x.sql.partial-1",
  ]) {
    assert.ok(isNeverListed(name), name);
  }
  for (const name of ["codexdb_2026-11-23.sql", "x.zip", "globals_x.sql", "notes.txt"])
    assert.ok(!isNeverListed(name), name);
});

test("an entry for checksums.txt itself, which can never hold, is not checked", () => {
  const found = review({
    entries: [{ path: "checksums.txt", sha256: a }],
    files: [{ name: "checksums.txt", ...old }],
  });
  assert.deepEqual(namesToHash(found), []);
});

test("an entry whose file is gone is damage, also when it vanished while hashing", () => {
  const gone = review({ entries: [{ path: "x", sha256: a }] });
  assert.deepEqual(judgeChecksums(gone, [{ kind: "missing", name: "x" }]).missing, ["x"]);
  const vanished = review({ entries: [{ path: "x", sha256: a }], files: [{ name: "x", ...old }] });
  assert.equal(judgeChecksums(vanished, [{ kind: "missing", name: "x" }]).outcome, "damage");
});

test("what could not be hashed is not ok, and checking nothing is unknown", () => {
  const found = review({ entries: [{ path: "x", sha256: a }], files: [{ name: "x", ...old }] });
  assert.equal(judgeChecksums(found, []).outcome, "damage");
  assert.equal(judgeChecksums(review({}), []).outcome, "unknown");
});

test("a settled file that changed under the hash is left for the next night", () => {
  const found = review({ files: [{ name: "t.zip", ...old }] });
  const finding: ChecksumFinding = {
    kind: "hashed",
    name: "t.zip",
    sha256: a,
    isStable: false,
    sizeBytes: 5,
  };
  const verdict = judgeChecksums(found, [finding]);
  assert.deepEqual([verdict.toAdd, verdict.postponed], [[], ["t.zip"]]);
  assert.deepEqual(judgeChecksums(found, [{ ...finding, isStable: true, sizeBytes: 5 }]).toAdd, [
    { path: "t.zip", sha256: a },
  ]);
});

test("equal files make it ok, each counted once per entry", () => {
  const found = review({ entries: [{ path: "x", sha256: a }], files: [{ name: "x", ...old }] });
  const verdict = judgeChecksums(found, [
    { kind: "hashed", name: "x", sha256: a, isStable: true, sizeBytes: 5 },
  ]);
  assert.deepEqual([verdict.outcome, verdict.equal], ["ok", 1]);
});

test("of two entries of our file only the wrong one is told, and one that both miss is told once", () => {
  const entries = [a, b].map((sha256) => ({ path: "x.zip", sha256 }));
  const found = review({ entries, files: [{ name: "x.zip", ...old }], own: new Map([["x.zip", a]]) });
  const hashed = (sha256: string) =>
    judgeChecksums(found, [{ kind: "hashed", name: "x.zip", sha256, isStable: true, sizeBytes: 5 }]);
  const verdict = hashed(a);
  assert.deepEqual([verdict.wrongEntries, verdict.mismatched, verdict.equal], [["x.zip"], [], 1]);
  assert.equal(verdict.outcome, "damage");
  assert.equal(hashed("c".repeat(64)).mismatched.length, 1);
  assert.deepEqual(judgeChecksums(found, [{ kind: "missing", name: "x.zip" }]).missing, ["x.zip"]);
});

test("a file of a backup whose manifest lies there is not one of others, however old it is", () => {
  const files = ["x.zip", "x.manifest.json", "x.manifest.json.zip"].map((name) => ({ name, ...old }));
  const found = review({ files });
  assert.deepEqual(found.unvouched, ["x.zip"]);
  assert.deepEqual(
    found.toAdopt.map((file) => file.name),
    ["x.manifest.json.zip"],
  );
  const known = review({
    files: files.slice(1),
    own: new Map([
      ["x.zip", a],
      ["gone.zip", a],
      ["x.manifest.json", b],
    ]),
  });
  assert.deepEqual(
    known.toRestore.map((line) => line.path),
    ["x.zip", "x.manifest.json"],
  );
});
