import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { temporaryDirectory } from "../../tests/servers/cleanup.ts";
import type { Manifest } from "../domain/backups/manifest.ts";
import { loadMigrations, migrate } from "./migrations.ts";
import { openCatalog } from "./open-catalog.ts";

function manifestOf(id: string, changes: Partial<Manifest> = {}): Manifest {
  return {
    ...{ format: "codex-backup-manifest", version: 1, id, runId: "run", job: "capsule", kind: "capsule" },
    ...{ database: null, host: "host", slot: null, finishedAt: "2026-11-23T02:00:09.000Z" },
    ...{ outcome: "complete", tool: { name: "codex-backup", version: "0.1.0" }, files: [] },
    ...{ checked: { level: "hashed", copies: {} }, postgres: null, capsule: null, warnings: [], labels: {} },
    ...{ startedAt: "2026-11-23T02:00:00.000Z", previous: null, pruned: [], adopted: false },
    ...changes,
  };
}

const follower = manifestOf("b", {
  ...{ previous: "a".repeat(64), previousId: "a", pruned: ["x", "y"], unaccounted: ["z"] },
  startedAt: "2026-11-24T02:00:00.000Z",
});
const links = [
  {
    ...{ id: "a", sha256: "a", adopted: true, startedAt: "2026-11-23T02:00:00.000Z", previous: null },
    ...{ previousId: null, pruned: [], unaccounted: [] },
  },
  {
    ...{ id: "b", sha256: "b", adopted: false, startedAt: follower.startedAt, previous: "a".repeat(64) },
    ...{ previousId: "a", pruned: ["x", "y"], unaccounted: ["z"] },
  },
];

test("what manifests say of each other is listed oldest first, for one job and database", () => {
  const catalog = openCatalog(":memory:");
  catalog.putBackup(follower, JSON.stringify(follower), "b");
  catalog.putBackup(manifestOf("a", { adopted: true }), "{}", "a");
  catalog.putBackup(manifestOf("c", { job: "other" }), "{}", "c");
  catalog.putBackup(manifestOf("d", { database: "db" }), "{}", "d");
  assert.deepEqual(catalog.links("capsule", null), links);
  assert.deepEqual(
    catalog.links("capsule", "db").map(({ id }) => id),
    ["d"],
  );
  catalog.close();
});

test("a catalog from before the chain takes it out of the manifests that it has", () => {
  const path = join(temporaryDirectory("links"), "state", "catalog.db");
  mkdirSync(join(path, ".."));
  const database = new DatabaseSync(path);
  migrate(database, path, loadMigrations().slice(0, 5));
  const insert = database.prepare(
    "INSERT INTO backups (job, id, kind, created_ms, size_bytes, outcome, adopted, manifest_sha256) VALUES ('capsule', ?, 'capsule', ?, 1, 'complete', ?, ?)",
  );
  const manifests = [manifestOf("a", { adopted: true }), follower];
  for (const { id, startedAt, adopted } of manifests)
    insert.run(id, Date.parse(startedAt), adopted ? 1 : 0, id);
  const text = database.prepare(
    "INSERT INTO manifests (backup, text) SELECT key, ? FROM backups WHERE id = ?",
  );
  for (const manifest of manifests) text.run(JSON.stringify(manifest), manifest.id);
  database.close();
  const catalog = openCatalog(path);
  assert.deepEqual(catalog.links("capsule", null), links);
  catalog.close();
});
