import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { BackupProfile } from "../domain/anomalies/anomaly.ts";
import type { Manifest } from "../domain/backups/manifest.ts";
import { type Instant, instant } from "../domain/instant.ts";
import type { Catalog } from "./catalog.ts";
import { openCatalog } from "./open-catalog.ts";

const at = (second: number): Instant => instant(Date.UTC(2026, 10, 23, 1) + second * 1000);
const opened: Catalog[] = [];
after(() => {
  for (const catalog of opened) catalog.close();
});

function newCatalog(): Catalog {
  const catalog = openCatalog(":memory:");
  opened.push(catalog);
  return catalog;
}

const shrunk = [{ kind: "size", message: "its content is 1 kB" }] as const;

function put(catalog: Catalog, second: number, given: Partial<Manifest> = {}): string {
  const id = `b${second}`;
  const manifest = {
    ...{ id, job: "database", kind: "postgres", database: "codexdb", files: [], adopted: false },
    ...{ startedAt: new Date(at(second)).toISOString(), outcome: "complete", ...given },
  };
  catalog.putBackup(manifest as unknown as Manifest, "{}", "sha"); // all that it reads of one
  return id;
}

function profile(contentBytes: number): BackupProfile {
  return { durationMs: 1, contentBytes, parts: [{ name: "public.t", count: 3, bytes: contentBytes }] };
}

function known(catalog: Catalog, before: Instant, limit = 30) {
  return catalog.profiles({ job: "database", database: "codexdb", before, limit });
}

test("history is what is complete, of the same job and database, and made before; newest first", () => {
  const catalog = newCatalog();
  for (const second of [1, 3, 2]) catalog.putProfile("database", put(catalog, second), profile(second));
  catalog.putProfile("database", put(catalog, 4, { database: "other" }), profile(4));
  catalog.putProfile("database", put(catalog, 5, { outcome: "incomplete" }), profile(5));
  catalog.putProfile("database", put(catalog, 60), profile(60));
  put(catalog, 6); // nothing is known of it
  const entry = (second: number) => ({ createdAt: at(second), profile: profile(second), isAccepted: false });
  assert.deepEqual(known(catalog, at(10)), [entry(3), entry(2), entry(1)]);
  assert.deepEqual(known(catalog, at(10), 1), [entry(3)]);
});

test("a suspect backup is no history until somebody accepts it", () => {
  const catalog = newCatalog();
  const backupId = put(catalog, 1, { anomalies: shrunk });
  catalog.putProfile("database", backupId, profile(1));
  assert.deepEqual(known(catalog, at(10)), []);
  const { anomalies, accepted } = catalog.backup("database", backupId) ?? {};
  assert.deepEqual([anomalies, accepted], [shrunk, false]);
  const mark = { job: "database", backupId, destination: "backups", who: "me", at: at(2), why: "purged" };
  catalog.putMark({ ...mark, kind: "hold" });
  assert.deepEqual(known(catalog, at(10)), []);
  catalog.putMark({ ...mark, kind: "accepted" });
  assert.deepEqual(known(catalog, at(10)), [{ createdAt: at(1), profile: profile(1), isAccepted: true }]);
  assert.equal(catalog.backup("database", backupId)?.accepted, true);
});

test("a profile of a backup that is not there is no error", () => {
  const catalog = newCatalog();
  catalog.putProfile("database", "gone", profile(1));
  assert.deepEqual(known(catalog, at(10)), []);
});
