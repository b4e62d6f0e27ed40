import assert from "node:assert/strict";
import { after, test } from "node:test";
import { proofRow } from "../../tests/fakes/proof-row.ts";
import type { Manifest } from "../domain/backups/manifest.ts";
import type { FailureCode } from "../domain/failure-table.ts";
import { type Instant, instant } from "../domain/instant.ts";
import type { Catalog } from "./catalog.ts";
import { openCatalog } from "./open-catalog.ts";

const at = (second: number): Instant => instant(Date.UTC(2026, 10, 23, 1) + second * 1000);
const opened: Catalog[] = [];
after(() => {
  for (const catalog of opened) catalog.close();
});

/** With one backup "x". */
function newCatalog(): Catalog {
  const catalog = openCatalog(":memory:");
  opened.push(catalog);
  put(catalog, "one");
  return catalog;
}

function put(catalog: Catalog, manifestSha256: string): void {
  const manifest = {
    id: "x",
    job: "database",
    kind: "postgres",
    database: "codexdb",
    startedAt: new Date(at(0)).toISOString(),
    files: [],
    outcome: "complete",
    adopted: false,
  };
  catalog.putBackup(manifest as unknown as Manifest, "{}", manifestSha256); // all that it reads of one
}

function provenAt(catalog: Catalog): Instant | null {
  return catalog.backup("database", "x")?.provenAt ?? null;
}

function mismatch(second: number, code: FailureCode = "proof.mismatch", destinationId = "id-of-backups") {
  const failure = { code, message: "Cannot vouch", hint: null };
  return proofRow("x", at(second), { outcome: "mismatch", failure, destinationId });
}

test("a proof is read back as it was written, also when its backup is gone", () => {
  const catalog = newCatalog();
  const failure = { code: "postgres.throwaway", message: 'Cannot start "x"', hint: "Look." } as const;
  const rows = [
    proofRow("gone", at(3), { outcome: "failed", failure, restoreMs: null, server: null }),
    proofRow("x", at(2), { openedBy: "age1abc" }),
    proofRow("x", at(2), { destinationId: "id-of-offsite", database: null }),
    proofRow("x", at(1), { job: "other" }),
  ];
  for (const row of rows) catalog.putProof(row);
  const [newest, a, b, other] = rows;
  assert.deepEqual(catalog.proofs(), [newest, b, a, other]);
  assert.deepEqual(catalog.proofs({ job: "database", backupId: "x" }), [b, a]);
  assert.deepEqual(catalog.proofs({ job: "database", database: null }), [b]);
  assert.deepEqual(catalog.proofs({ outcome: "failed" }), [newest]);
  assert.deepEqual(catalog.proofs({ outcome: "proven", limit: 1 }), [b]);
});

test("the newest proof counts, in whatever order proofs are found", () => {
  const catalog = newCatalog();
  for (const second of [5, 9, 7]) catalog.putProof(proofRow("x", at(second)));
  assert.equal(provenAt(catalog), at(9));
});

test("a later mismatch of the same copy takes a proof away, in whatever order they are found", () => {
  for (const order of [
    [proofRow("x", at(5)), mismatch(6)],
    [mismatch(6), proofRow("x", at(5))],
  ]) {
    const catalog = newCatalog();
    for (const row of order) catalog.putProof(row);
    assert.equal(provenAt(catalog), null);
    catalog.putProof(proofRow("x", at(7)));
    assert.equal(provenAt(catalog), at(7));
  }
});

test("neither a mismatch of another copy, nor an assertion, nor a failed proof takes a proof away", () => {
  const catalog = newCatalog();
  catalog.putProof(proofRow("x", at(5)));
  catalog.putProof(mismatch(6, "proof.mismatch", "id-of-offsite"));
  catalog.putProof(mismatch(6, "proof.assertion"));
  catalog.putProof(proofRow("x", at(8), { outcome: "failed" }));
  assert.equal(provenAt(catalog), at(5));
});

test("what was proven of one manifest says nothing of another under the same name", () => {
  const catalog = newCatalog();
  catalog.putProof(proofRow("x", at(5)));
  put(catalog, "one");
  assert.equal(provenAt(catalog), at(5));
  put(catalog, "another");
  assert.equal(provenAt(catalog), null);
  catalog.forgetBackups();
  put(catalog, "one");
  catalog.putProof(proofRow("x", at(6), { outcome: "failed" }));
  assert.equal(provenAt(catalog), null);
});

test("the newest thousand proofs of each job are kept", () => {
  const catalog = newCatalog();
  catalog.putProof(proofRow("x", at(0), { job: "other" }));
  catalog.atomically(() => {
    for (let second = 0; second < 1003; second += 1) catalog.putProof(proofRow("x", at(second)));
  });
  const kept = catalog.proofs({ job: "database" });
  assert.deepEqual([kept.length, kept.at(-1)?.at], [1000, at(3)]);
  assert.equal(catalog.proofs({ job: "other" }).length, 1);
});
