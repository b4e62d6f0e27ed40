import assert from "node:assert/strict";
import { test } from "node:test";
import { instant } from "../domain/instant.ts";
import type { TroubleRow } from "./catalog.ts";
import { openCatalog } from "./open-catalog.ts";

const gone: TroubleRow = {
  ...{ kind: "gone", job: "database", database: "codexdb", backupId: "a", destination: "one", file: "" },
  ...{ at: instant(1), text: "it is gone" },
};

test("a trouble keeps the moment it was first seen, takes the newer words, and ends by its key", () => {
  const catalog = openCatalog(":memory:");
  catalog.putTrouble(gone);
  catalog.putTrouble({ ...gone, at: instant(9), text: "it is still gone" });
  catalog.putTrouble({ ...gone, destination: "two", at: instant(2) });
  assert.deepEqual(catalog.troubles("database", "codexdb"), [
    { ...gone, text: "it is still gone" },
    { ...gone, destination: "two", at: instant(2) },
  ]);
  assert.deepEqual(catalog.troubles("database", null), [], "another database's");
  catalog.endTrouble(gone);
  assert.deepEqual(
    catalog.troubles("database", "codexdb").map(({ destination }) => destination),
    ["two"],
  );
  catalog.close();
});

test("of a capsule, whose database is null, a trouble is put once and ended as well", () => {
  const catalog = openCatalog(":memory:");
  const capsule = { ...gone, job: "capsule", database: null };
  catalog.putTrouble(capsule);
  catalog.putTrouble(capsule);
  assert.equal(catalog.troubles("capsule", null).length, 1);
  catalog.endTrouble(capsule);
  assert.deepEqual(catalog.troubles("capsule", null), []);
  catalog.close();
});

test("what receipts lay at a destination outlives a rebuild of the catalog, as troubles do", () => {
  const catalog = openCatalog(":memory:");
  const file = { job: "database", destination: "one", backupId: "a", name: "a.proof-1.json" };
  catalog.putProofFile(file);
  catalog.putProofFile(file);
  catalog.putTrouble(gone);
  catalog.forgetBackups();
  assert.deepEqual(catalog.proofFiles("database", "one"), [{ backupId: "a", name: "a.proof-1.json" }]);
  assert.equal(catalog.troubles("database", "codexdb").length, 1);
  catalog.forgetProofFile(file);
  assert.deepEqual(catalog.proofFiles("database", "one"), []);
  catalog.close();
});
