import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../failure.ts";
import type { CapsuleEntry, Manifest } from "./manifest.ts";
import { formatManifest, parseManifest } from "./manifest-text.ts";

const hash = "0123456789abcdef".repeat(4);
const id = "codexdb_2026-11-23";
const path = `/backups/${id}.manifest.json`;

const manifest: Manifest = {
  format: "codex-backup-manifest",
  version: 1,
  id,
  runId: "20261123T010000Z-ab12cd",
  job: "database",
  kind: "postgres",
  database: "codexdb",
  host: "host",
  slot: "2026-11-23T01:00:00.000Z",
  startedAt: "2026-11-23T01:00:00.120Z",
  finishedAt: "2026-11-23T01:00:04.120Z",
  outcome: "complete",
  tool: { name: "codex-backup", version: "0.1.0" },
  files: [fileOf(`${id}.sql`), { ...fileOf(`globals_${id}.sql`), role: "globals" }],
  checked: { level: "read", copies: { backups: "direct" } },
  postgres: {
    format: "sql",
    systemIdentifier: "7432109876543210987",
    serverVersionNum: 170006,
    serverVersion: "17.6",
    clientVersion: "17.6",
    encoding: "UTF8",
    locale: { provider: "c", collate: "C", ctype: "C", icuLocale: null, collationVersion: null },
    databaseSizeBytes: 12345,
    extensions: [{ name: "plpgsql", version: "1.0", schema: "pg_catalog" }],
    collations: [],
    roles: ["codex"],
    snapshot: { name: "00000003-1", lsn: "0/16B3748", xmin: "745", takenAt: "2026-11-23T01:00:00.500Z" },
    fingerprint: {
      tables: [{ schema: "public", name: "a", columns: ["id"], rows: 1, bytes: 2, sha256: hash, blocks: 1 }],
      sequences: [{ schema: "public", name: "a_id_seq", value: "9223372036854775807", isCalled: true }],
      largeObjects: [{ oid: "16401", sizeBytes: 3, sha256: hash }],
      schemaSha256: hash,
      objects: { "CREATE TABLE": 1 },
    },
    leftOut: [{ object: "public.remote", reason: "foreign table" }],
  },
  capsule: null,
  warnings: [],
  labels: { team: "codex" },
  previous: null,
  pruned: ["codexdb_2026-10-23"],
  adopted: false,
};

function fileOf(name: string): Manifest["files"][number] {
  const size = { sizeBytes: 10, sha256: hash };
  return { path: name, role: "dump", ...size, compression: "none", content: size };
}

function entryOf(name: string, changes: Partial<CapsuleEntry> = {}): CapsuleEntry {
  const modifiedAt = "2026-11-23T01:00:00.000Z";
  const basis = {
    type: "file",
    sizeBytes: 1,
    modifiedAt,
    mode: "0644",
    sha256: hash,
    state: "stable",
  } as const;
  return { path: name, ...basis, ...changes };
}

const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** Matches a refusal that names the file and says `reason`. */
function refusal(reason: RegExp, file = path) {
  return (error: unknown) =>
    error instanceof Failure &&
    error.code === "backup.manifest" &&
    error.message.includes(file) &&
    reason.test(error.message) &&
    error.hint !== null;
}

test("what is formatted is read back the same, and gives the same bytes again", () => {
  const text = formatManifest(manifest);
  const parsed = parseManifest(Buffer.from(text), path);
  assert.deepEqual(parsed, manifest);
  assert.equal(formatManifest(parsed), text);
});

test("any names, counts and texts survive formatting and reading", () => {
  const text = fc.string({ unit: "binary" }).filter((value) => value.isWellFormed());
  const facts = fc.record({
    job: text.filter((value) => value !== ""),
    database: fc.option(text),
    host: text,
    warnings: fc.array(text),
    labels: fc.dictionary(
      text.filter((key) => key !== "__proto__"),
      text,
      { noNullPrototype: true },
    ),
    previous: fc.option(fc.constant(hash)),
    adopted: fc.boolean(),
  });
  fc.assert(
    fc.property(facts, fc.maxSafeNat(), (changes, sizeBytes) => {
      const changed = { ...manifest, ...changes, files: [{ ...fileOf(`${id}.sql`), sizeBytes }] };
      assert.deepEqual(parseManifest(Buffer.from(formatManifest(changed)), path), changed);
    }),
  );
});

test("a capsule's entries may lie in folders and have any name, but not lead out", () => {
  const capsuleOf = (entries: readonly CapsuleEntry[]): Manifest => ({
    ...manifest,
    kind: "capsule",
    database: null,
    postgres: null,
    capsule: { root: "/srv", entries, leftOut: [] },
  });
  const good = capsuleOf([
    entryOf("ledger/", { type: "directory", sha256: null }),
    entryOf("ledger/a\nb..c"),
    entryOf("ledger/?", { pathBytes: "bGVkZ2VyL/8=" }),
  ]);
  assert.deepEqual(parseManifest(bytesOf(good), path), good);
  for (const name of ["../etc/passwd", "/etc/passwd", "a/../../b", "a//b", "./a", "", "a\0b", ".."]) {
    assert.throws(() => parseManifest(bytesOf(capsuleOf([entryOf(name)])), path), refusal(/leads out/), name);
  }
});

test("keys of later minor versions are ignored in reading and kept in formatting", () => {
  const later = {
    ...manifest,
    novelty: { a: 1 },
    files: [{ ...fileOf(`${id}.sql`), novelty: true }],
    checked: { ...manifest.checked, novelty: [] },
  };
  const text = formatManifest(later);
  assert.equal(formatManifest(parseManifest(Buffer.from(text), path)), text);
});

test("a file name that is not this backup's own plain file is refused, so that it is never read or deleted", () => {
  const names = [
    "",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    `sub/${id}.sql`,
    `..\\${id}.sql`,
    `.${id}.sql`,
    `${id}.sql\n`,
    `${id}\0.sql`,
    ".codex-backup",
    "checksums.txt",
    "RESTORE-v1.md",
    "codexdb_2026-11-22.sql",
    "codexdb_2026-11-22.manifest.json",
    `${id}.manifest.json`,
    `${id}.sha256`,
    `${id}.hold`,
    `${id}.accepted`,
    `${id}.sql.minisig`,
    `${id}.proof-20261123T010000Z.json`,
    `${id}_020000.sql`,
    `x${id}.sql`,
  ];
  for (const name of names) {
    const hostile = bytesOf({ ...manifest, files: [fileOf(name)] });
    assert.throws(() => parseManifest(hostile, path), refusal(/files\.0\.path: /), JSON.stringify(name));
  }
});

test("an id chosen to make the directory's own files look like the backup's is refused", () => {
  for (const [hostileId, name] of [
    ["checksums", "checksums.txt"],
    ["RESTORE-v1", "RESTORE-v1.md"],
    ["..", "..sql"],
    ["", ".sql"],
    ["a/b", "a/b.sql"],
  ]) {
    const hostile = bytesOf({ ...manifest, id: hostileId, files: [fileOf(name ?? "")] });
    assert.throws(() => parseManifest(hostile, "/backups/some.json"), refusal(/: /, "some.json"), hostileId);
  }
});

test("every name that a backup really gets is taken", () => {
  for (const ending of [".sql", ".sql.gz", ".sql.zst", ".dump", ".zip", ""]) {
    const own = { ...manifest, files: [fileOf(`${id}${ending}`), fileOf(`database_${id}.sql`)] };
    assert.deepEqual(parseManifest(bytesOf(own), path), own);
  }
});

test("a manifest under another backup's name is refused", () => {
  const wrong = "/backups/codexdb_2026-11-22.manifest.json";
  assert.throws(
    () => parseManifest(bytesOf(manifest), wrong),
    refusal(/it describes the backup "codexdb_2026-11-23"/, wrong),
  );
});

test("a version of the future is told apart from damage, whatever its other keys look like", () => {
  const later = bytesOf({ format: "codex-backup-manifest", version: 2, files: "elsewhere" });
  assert.throws(() => parseManifest(later, path), {
    code: "backup.newer",
    message: `Cannot read manifest "${path}": its version is 2, this codex-backup knows 1`,
  });
  const never = bytesOf({ format: "codex-backup-manifest", version: 0 });
  assert.throws(() => parseManifest(never, path), refusal(/there was never a version 0/));
});

test("what is no manifest, or only half of one, is refused", () => {
  const whole = Buffer.from(formatManifest(manifest));
  assert.throws(() => parseManifest(new Uint8Array(), path), refusal(/not JSON/));
  assert.throws(() => parseManifest(whole.subarray(0, whole.length / 2), path), refusal(/not JSON/));
  assert.throws(() => parseManifest(Buffer.from([0x22, 0xff, 0x22]), path), refusal(/not JSON in UTF-8/));
  for (const value of [null, 1, [], "x", {}, { ...manifest, format: "other" }]) {
    assert.throws(() => parseManifest(bytesOf(value), path), refusal(/it is not a manifest/));
  }
});

test("each wrong value is named by its place", () => {
  const wrong: readonly (readonly [RegExp, object])[] = [
    [/files: a backup without files/, { files: [] }],
    [/files\.1\.path: named twice/, { files: [fileOf(`${id}.sql`), fileOf(`${id}.sql`)] }],
    [/files\.0\.sha256: /, { files: [{ ...fileOf(`${id}.sql`), sha256: hash.toUpperCase() }] }],
    [/files\.0\.sizeBytes: /, { files: [{ ...fileOf(`${id}.sql`), sizeBytes: -1 }] }],
    [/files\.0\.sizeBytes: /, { files: [{ ...fileOf(`${id}.sql`), sizeBytes: 2 ** 53 }] }],
    [/startedAt: /, { startedAt: "2026-11-23T01:00:00" }],
    [/checked\.level: /, { checked: { level: "golden", copies: {} } }],
    [/pruned\.0: /, { pruned: ["../x"] }],
    [/previous: /, { previous: "abc" }],
    [/labels\.team: /, { labels: { team: 1 } }],
    [/outcome: /, { outcome: "failed" }],
  ];
  for (const [reason, changes] of wrong) {
    assert.throws(() => parseManifest(bytesOf({ ...manifest, ...changes }), path), refusal(reason));
  }
});

test("any one value replaced by another kind of value is refused or read, never taken for something else", () => {
  const keys = Object.keys(manifest) as (keyof Manifest)[];
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
      try {
        const parsed = parseManifest(bytesOf({ ...manifest, [key]: value }), path);
        formatManifest(parsed);
      } catch (error) {
        const isNewer = key === "version" && Number.isInteger(value) && Number(value) > 1;
        assert.ok(error instanceof Failure, String(error));
        assert.equal(error.code, isNewer ? "backup.newer" : "backup.manifest");
      }
    }),
  );
});

test("a manifest that could not be read again is not written", () => {
  const unsafe = { ...manifest, files: [fileOf("../x.sql")] };
  assert.throws(() => formatManifest(unsafe), refusal(/files\.0\.path/, id));
});

test("a key named __proto__ changes no other object", () => {
  const text = formatManifest(manifest).replace('"team"', '"__proto__"');
  parseManifest(Buffer.from(text), path);
  assert.equal(Object.hasOwn(Object.prototype, "codex"), false);
});
