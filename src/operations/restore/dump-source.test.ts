import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import type { FileRole, Manifest, ManifestFile } from "../../domain/backups/manifest.ts";
import { formatManifest } from "../../domain/backups/manifest-text.ts";
import { formatChecksumLine } from "../../domain/checksums/checksum-line.ts";
import { readToEnd } from "../../platform/read-to-end.ts";
import { type BackupFiles, filesBeside } from "./backup-files.ts";
import { dumpOfBackup, dumpOfFile } from "./dump-source.ts";

const id = "codexdb_2026-11-23";
const signal = new AbortController().signal;
const contents: Readonly<Record<string, string>> = {
  [`${id}.sql`]: "SELECT 1;\n",
  [`globals_${id}.sql`]: "CREATE ROLE app;\n",
  [`database_${id}.sql`]: "CREATE DATABASE codexdb;\n",
};

function fileOf(path: string, role: FileRole): ManifestFile {
  const bytes = contents[path] ?? "";
  const facts = {
    sizeBytes: Buffer.byteLength(bytes),
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
  return { path, role, ...facts, compression: "none", content: facts };
}

const manifest: Manifest = {
  format: "codex-backup-manifest",
  version: 1,
  id,
  runId: "20261123T010000Z-ab12cd",
  job: "database",
  kind: "postgres",
  database: "codexdb",
  host: "host",
  slot: null,
  startedAt: "2026-11-23T01:00:00.120Z",
  finishedAt: "2026-11-23T01:00:04.120Z",
  outcome: "complete",
  tool: { name: "codex-backup", version: "0.1.0" },
  files: [
    fileOf(`${id}.sql`, "dump"),
    fileOf(`globals_${id}.sql`, "globals"),
    fileOf(`database_${id}.sql`, "database"),
  ],
  checked: { level: "read", copies: { backups: "direct" } },
  postgres: null,
  capsule: null,
  warnings: [],
  labels: {},
  previous: null,
  pruned: [],
  adopted: false,
};

/** The backup in a folder of its own, as a stick would hold it. */
function onStick(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "codex-dump-source-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, bytes] of Object.entries(contents)) writeFileSync(join(folder, name), bytes);
  writeFileSync(join(folder, `${id}.manifest.json`), formatManifest(manifest));
  return folder;
}

async function filesIn(folder: string): Promise<BackupFiles> {
  const files = await filesBeside(join(folder, `${id}.sql`));
  assert.ok(files);
  return files;
}

test("a dump with its manifest beside it comes with globals, header and hash", async (t) => {
  const dump = await dumpOfBackup(await filesIn(onStick(t)), null);
  await dump.checkFirst(signal, () => {});
  assert.equal((await readToEnd(await dump.openDump())).toString(), "SELECT 1;\n");
  assert.equal(dump.globals?.toString(), "CREATE ROLE app;\n");
  assert.equal(dump.header?.toString(), "CREATE DATABASE codexdb;\n");
});

for (const companion of ["globals", "database"]) {
  const name = `${companion}_${id}.sql`;

  test(`statements of a changed ${companion} file never reach the server`, async (t) => {
    const folder = onStick(t);
    writeFileSync(join(folder, name), (contents[name] ?? "").replace("CREATE", "DELETE"));
    await assert.rejects(dumpOfBackup(await filesIn(folder), null), {
      code: "backup.mismatch",
      message: new RegExp(name),
    });
  });

  test(`a missing ${companion} file is named`, async (t) => {
    const folder = onStick(t);
    rmSync(join(folder, name));
    await assert.rejects(dumpOfBackup(await filesIn(folder), null), {
      code: "platform.file",
      message: `Cannot read "${join(folder, name)}": ENOENT`,
    });
  });
}

test("a dump that was changed on the way fails before anything is sent", async (t) => {
  const folder = onStick(t);
  writeFileSync(join(folder, `${id}.sql`), "SELECT 2;\n");
  const dump = await dumpOfBackup(await filesIn(folder), null);
  await assert.rejects(
    dump.checkFirst(signal, () => {}),
    { code: "backup.mismatch" },
  );
});

/** The manifest is lost; NAME.sha256 is there. */
function withoutManifest(t: TestContext): string {
  const folder = onStick(t);
  rmSync(join(folder, `${id}.manifest.json`));
  const lines = manifest.files.map(({ path, sha256 }) => formatChecksumLine({ path, sha256 }));
  writeFileSync(join(folder, `${id}.sha256`), lines.join(""));
  return folder;
}

test("a dump whose manifest is lost comes with the globals, header and hash that its .sha256 knows", async (t) => {
  const dump = await dumpOfFile(join(withoutManifest(t), `${id}.sql`), null);
  assert.equal(dump.globals?.toString(), "CREATE ROLE app;\n");
  assert.equal(dump.header?.toString(), "CREATE DATABASE codexdb;\n");
  assert.equal(dump.isHashKnown, true);
  await dump.checkFirst(signal, () => {});
});

test("without a manifest too, changed bytes fail before anything is sent", async (t) => {
  const folder = withoutManifest(t);
  writeFileSync(join(folder, `${id}.sql`), "SELECT 2;\n");
  const dump = await dumpOfFile(join(folder, `${id}.sql`), null);
  await assert.rejects(async () => dump.checkFirst(signal, () => {}), { code: "backup.mismatch" });
  writeFileSync(join(folder, `globals_${id}.sql`), "DROP ROLE app;\n");
  await assert.rejects(dumpOfFile(join(folder, `${id}.sql`), null), { code: "backup.mismatch" });
});

test("globals that no .sha256 knows are left alone", async (t) => {
  const folder = withoutManifest(t);
  rmSync(join(folder, `${id}.sha256`));
  const dump = await dumpOfFile(join(folder, `${id}.sql`), null);
  assert.deepEqual([dump.globals, dump.header, dump.isHashKnown], [null, null, false]);
});

test("errors of the file system name the path, wherever they come up", async (t) => {
  const folder = onStick(t);
  const gone = join(folder, "gone.sql");
  const refusal = { code: "platform.file", message: `Cannot read "${gone}": ENOENT` };
  await assert.rejects(dumpOfFile(gone, null), refusal);
  const dump = await dumpOfBackup(await filesIn(folder), null);
  rmSync(join(folder, `${id}.sql`));
  await assert.rejects(dump.openDump(), { code: "platform.file", message: /sql": ENOENT$/ });
  await assert.rejects(
    dump.checkFirst(signal, () => {}),
    { code: "platform.file", message: /sql": ENOENT$/ },
  );
  rmSync(join(folder, `${id}.manifest.json`));
  mkdirSync(join(folder, `${id}.manifest.json`));
  await assert.rejects(filesBeside(join(folder, `${id}.sql`)), {
    code: "platform.file",
    message: /manifest\.json": EISDIR$/,
  });
});

test("damage inside a compressed file is named as damage, not as a fault of ours", async (t) => {
  const path = join(onStick(t), "bare.sql.zst");
  const bytes = zstdCompressSync("SELECT 1;\n".repeat(10), {
    params: { [constants.ZSTD_c_checksumFlag]: 1 },
  });
  writeFileSync(path, Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]));
  const refusal = { code: "backup.mismatch", message: /^Cannot decode "/ };
  await assert.rejects(async () => readToEnd(await (await dumpOfFile(path, null)).openDump()), refusal);
});

test("a bare file's format is told by its bytes, also inside gzip, whatever its name", async (t) => {
  const folder = onStick(t);
  const formats: Record<string, string> = {};
  const samples = {
    "a.dat": "PGDMP\x01\x0e",
    "b.dat": gzipSync("PGDMP\x01\x0e"),
    "c.dat": "--\n-- PostgreSQL",
    "d.dat": gzipSync("--\n"),
    "e.dat": "",
  };
  for (const [name, bytes] of Object.entries(samples)) {
    writeFileSync(join(folder, name), bytes);
    formats[name] = (await dumpOfFile(join(folder, name), null)).format;
  }
  assert.deepEqual(formats, {
    "a.dat": "custom",
    "b.dat": "custom",
    "c.dat": "sql",
    "d.dat": "sql",
    "e.dat": "sql",
  });
});
