import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../failure.ts";
import { instant } from "../instant.ts";
import { byteLength } from "../name-part.ts";
import { type BackupFile, formatBackupFile, parseBackupFile } from "./backup-file.ts";
import { formatBackupName, formatBackupNames, type NameFacts, parseBackupName } from "./backup-name.ts";
import { findTemplateProblem } from "./name-template.ts";

const facts: NameFacts = {
  at: instant(Date.UTC(2026, 10, 23, 1, 0, 5)),
  timezone: "Europe/Berlin",
  database: "codexdb",
  job: "database",
};

const templates = [
  "{database}_{date}",
  "{date}_{database}",
  "{job}-{database}-{timestamp}",
  "{database}{date}",
  "{date}_{time}_{database}",
  "{database}",
].filter((template) => findTemplateProblem(template) === null);

/** What people and attackers call databases, PostgreSQL's limit of 63 bytes kept. */
const databases = fc
  .oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 20 }),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
    fc.constantFrom(
      "globals",
      "database",
      "globals_x",
      "database_x",
      "-rf",
      "..",
      ".x",
      "a/b",
      "x_123456",
      "x_abcdef12",
      "%=",
      "%2F",
      "100%",
      "a b",
      "ä",
      "a\nb",
    ),
    fc.string({ unit: fc.constantFrom("/", "%", "\\", "a"), minLength: 1, maxLength: 63 }),
  )
  .filter((name) => byteLength(name) <= 63 && !name.includes("\0") && name.isWellFormed());

test("names have local date and time, and timestamps in UTC", () => {
  assert.equal(formatBackupName("{database}_{date}", facts), "codexdb_2026-11-23");
  assert.equal(
    formatBackupName("{job}_{timestamp}", facts),
    "database_20261123T010005Z".replace("database", "%64atabase"),
  );
  assert.equal(formatBackupName("codex_replay_{timestamp}", facts), "codex_replay_20261123T010005Z");
  const eveningInBerlin = { ...facts, at: instant(Date.UTC(2026, 10, 22, 23, 30)) };
  assert.equal(formatBackupName("{database}_{date}_{time}", eveningInBerlin), "codexdb_2026-11-23_003000");
});

test("a second run on a day gets the time, a third the run's short id", () => {
  const names = formatBackupNames("{database}_{date}", facts, "20261123T010005Z-AB12CD34");
  assert.deepEqual(names, ["codexdb_2026-11-23", "codexdb_2026-11-23_020005", "codexdb_2026-11-23_ab12cd34"]);
  const timed = formatBackupNames("{job}-{timestamp}", facts, "x");
  assert.deepEqual(timed, ["database-20261123T010005Z", "database-20261123T010005Z_0000000x"]);
});

test("every name, disambiguated or not, tells its database and its moment again", () => {
  fc.assert(
    fc.property(fc.constantFrom(...templates), databases, fc.nat({ max: 2 }), (template, database, index) => {
      const named = { ...facts, database };
      const candidates = formatBackupNames(template, named, "run-0a1b2c3d");
      const name = candidates[Math.min(index, candidates.length - 1)] ?? "";
      const parsed = parseBackupName(template, name, named);
      assert.equal(parsed?.database, database);
      const wall = Date.UTC(2026, 10, 23);
      assert.ok(parsed !== null && Math.abs(parsed.at - wall) < 86_400_000, name);
    }),
    { numRuns: 500 },
  );
});

test("two databases never share a name, not even with what a second run appends", () => {
  fc.assert(
    fc.property(fc.constantFrom(...templates), databases, databases, (template, one, other) => {
      fc.pre(one !== other);
      const ours = formatBackupNames(template, { ...facts, database: one }, "0a1b2c3d");
      const theirs = formatBackupNames(template, { ...facts, database: other }, "0a1b2c3d");
      assert.deepEqual(
        ours.filter((name) => theirs.includes(name)),
        [],
      );
    }),
    { numRuns: 500 },
  );
});

test("a name is one plain file name that no shell, share or prefix misreads", () => {
  fc.assert(
    fc.property(fc.constantFrom(...templates), databases, (template, database) => {
      const name = formatBackupName(template, { ...facts, database });
      assert.doesNotMatch(name, /[/\\:*?"<>|\p{Cc}]/u);
      assert.doesNotMatch(name, /^[.-]|^globals_|^database_/);
      const staged = `.${name}_0a1b2c3d.proof-20261123T010000Z.json.minisig.partial-${"x".repeat(36)}`;
      assert.ok(byteLength(staged) <= 255, staged);
    }),
    { numRuns: 500 },
  );
});

test("what an old script named is read by its template, and anything else is not", () => {
  const old = parseBackupName("codexdb_{date}", "codexdb_2025-01-31", facts);
  assert.deepEqual(old, { at: Date.UTC(2025, 0, 30, 23), database: null });
  for (const name of [
    "codexdb_2025-02-30",
    "codexdb_2025-01-31.old",
    "xcodexdb_2025-01-31",
    "codexdb_",
    "test_backup",
  ]) {
    assert.equal(parseBackupName("codexdb_{date}", name, facts), null, name);
  }
  assert.equal(parseBackupName("{job}_{date}", "other_2025-01-31", facts), null);
});

test("a template that could not name backups apart is refused with its reason", () => {
  const refused: Readonly<Record<string, RegExp>> = {
    "{databse}_{date}": /none of \{date\}/,
    "{database}": /neither \{date\} nor \{timestamp\}/,
    "{time}": /neither/,
    "{date}_{date}": /twice/,
    "a/{date}": /"\/"/,
    "{date": /none of/,
    ".{date}": /starts with a dot/,
    "-{date}": /starts with/,
    "globals_{date}": /kept for the files beside a dump/,
    "100%_{date}": /"%"/,
    [`${"x".repeat(41)}{date}`]: /longer than 40 bytes/,
  };
  for (const [template, reason] of Object.entries(refused)) {
    assert.match(findTemplateProblem(template) ?? "none", reason, template);
    assert.throws(
      () => formatBackupName(template, facts),
      (error) => error instanceof Failure && error.code === "config.invalid",
    );
  }
});

const plainFiles: readonly BackupFile[] = [
  ...(["sql", "custom"] as const).flatMap((format) =>
    (["none", "gzip", "zstd"] as const).map(
      (compression): BackupFile => ({ kind: "dump", format, compression }),
    ),
  ),
  ...(["capsule", "globals", "database", "manifest", "sha256", "hold", "accepted"] as const).map(
    (kind): BackupFile => ({ kind }),
  ),
  { kind: "check", at: instant(Date.UTC(2026, 10, 23)) },
  { kind: "proof", at: instant(Date.UTC(2026, 10, 23)) },
];
const files = [...plainFiles, ...plainFiles.map((of): BackupFile => ({ kind: "signature", of }))];

test("every file of every backup is recognised by its name, and by no other", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...templates),
      databases,
      fc.constantFrom(...files),
      (template, database, file) => {
        const base = formatBackupName(template, { ...facts, database });
        assert.deepEqual(parseBackupFile(formatBackupFile(base, file)), { base, file });
      },
    ),
    { numRuns: 500 },
  );
  assert.equal(new Set(files.map((file) => formatBackupFile("x", file))).size, files.length);
});

test("files keep the names that old scripts rely on", () => {
  assert.equal(
    formatBackupFile("codexdb_2026-11-23", { kind: "dump", format: "sql", compression: "none" }),
    "codexdb_2026-11-23.sql",
  );
  assert.equal(formatBackupFile("a", { kind: "globals" }), "globals_a.sql");
  assert.equal(formatBackupFile("a", { kind: "check", at: facts.at }), "a.check-20261123T010005Z.json");
});

test("files of others are nobody's backup", () => {
  for (const name of [
    "checksums.txt",
    "test_checksums.txt",
    "RESTORE-v1.md",
    ".codex-backup",
    ".a.sql.partial-x",
    ".sql",
    "a.check-20260230T000000Z.json",
    "a.json",
    "a",
  ]) {
    assert.equal(parseBackupFile(name), null, name);
  }
});
