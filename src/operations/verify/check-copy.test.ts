import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { backUp, noSignal, openMemoryScene, storeOf } from "../../../tests/fakes/memory-scene.ts";
import type { Destination } from "../../destinations/destination.ts";
import type { Fingerprint } from "../../domain/backups/fingerprint.ts";
import type { Manifest, PostgresFacts } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import type { Context } from "../context.ts";
import { readStoredBackup } from "../stored-backup.ts";
import { type CheckedFiles, checkCopy } from "./check-copy.ts";

const facts: PostgresFacts = {
  format: "sql",
  systemIdentifier: "1",
  serverVersionNum: 150000,
  serverVersion: "15.0",
  clientVersion: "15.0",
  encoding: "UTF8",
  locale: { provider: "libc", collate: "C", ctype: "C", icuLocale: null, collationVersion: null },
  databaseSizeBytes: 1,
  extensions: [],
  collations: [],
  roles: [],
  snapshot: { name: "", lsn: "0/0", xmin: "1", takenAt: "2026-11-23T01:00:00.000Z" },
  fingerprint: { tables: [], sequences: [], schemaSha256: "", largeObjects: [], objects: {} },
  leftOut: [],
};

interface Scene {
  readonly context: Context;
  readonly destination: Destination;
  check(destination?: Destination): Promise<CheckedFiles>;
}

/** A dump whose stored bytes are exactly those of its manifest: only decoding tells whether they are good. */
async function openDump(
  bytes: Buffer,
  compression: "none" | "gzip" | "zstd",
  postgres = facts,
): Promise<Scene> {
  const scene = await openMemoryScene();
  const [id] = await backUp(scene);
  const [destination] = scene.context.destinations.values();
  assert.ok(destination);
  const born = await readStoredBackup(destination, id);
  const path = `${id}.sql`;
  storeOf(scene).files.set(path, { bytes, modifiedMs: 0 });
  const known = { sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  const file = { path, role: "dump", compression, content: known, ...known } as const;
  const manifest: Manifest = { ...born.manifest, kind: "postgres", files: [file], postgres };
  const stored = { ...born, manifest };
  const { context } = scene;
  return {
    context,
    destination,
    check: (at = destination) => checkCopy(context, at, { stored, level: "read", signal: noSignal }),
  };
}

const text = Buffer.from("-- PostgreSQL database dump\n".repeat(2000));

for (const [kind, whole] of [
  ["gzip", gzipSync(text)],
  ["zstd", zstdCompressSync(text)],
] as const) {
  test(`${kind} that cannot be decoded is damage, although its hash is that of the manifest`, async () => {
    const rotten = Buffer.from(whole);
    const at = whole.length - 12;
    rotten.writeUInt8(rotten.readUInt8(at) ^ 0xff, at);
    for (const bytes of [rotten, whole.subarray(0, whole.length >> 1)]) {
      const { check } = await openDump(bytes, kind);
      const { differences } = await check();
      assert.equal(differences.length, 1);
    }
    const { check } = await openDump(Buffer.concat([Buffer.from([0]), whole]), kind);
    assert.match((await check()).differences.join(), /Cannot decode/);
  });
}

for (const code of ["EMFILE", "ENOMEM", "Z_MEM_ERROR"]) {
  test(`${code} while a dump is decoded says nothing of the dump`, async () => {
    const { destination, check } = await openDump(gzipSync(text), "gzip");
    const trouble = () => Readable.from(failing(code), { objectMode: false });
    let opened = 0;
    const open: Destination["open"] = async (name, options) => {
      opened += 1;
      return opened === 1 ? destination.open(name, options) : { stream: trouble(), source: "direct" };
    };
    await assert.rejects(
      check({ ...destination, open }),
      (error) => error instanceof Failure && error.meaning.exit === 1,
    );
    assert.equal(opened, 2);
  });
}

// biome-ignore lint/correctness/useYield: it fails before its first piece
async function* failing(code: string): AsyncGenerator<Buffer> {
  throw Object.assign(new Error(`${code}: told to fail`), { code });
}

test("a manifest from before objects were told one by one is still one that a dump can be read against", async () => {
  const dump = Buffer.from(
    "-- Name: s; Type: SCHEMA; Schema: -; Owner: me\nCREATE SCHEMA s;\n--\n-- PostgreSQL database dump complete\n--\n\n",
  );
  const noDifference = async (fingerprint: Fingerprint) =>
    (await (await openDump(dump, "none", { ...facts, fingerprint })).check()).differences;
  const { context } = await openMemoryScene();
  const { fingerprint } = await context.postgres.readDump(Readable.from([dump]), { signal: noSignal });
  const { entries, ...older } = fingerprint;
  assert.deepEqual(
    entries?.map(({ name }) => name),
    ["s"],
  );
  assert.deepEqual(await noDifference(older), []);
  assert.deepEqual(await noDifference(fingerprint), []);
  const forged = entries?.map((entry) => ({ ...entry, sha256: "0".repeat(16) })) ?? [];
  assert.equal((await noDifference({ ...fingerprint, entries: forged })).length, 1);
});
