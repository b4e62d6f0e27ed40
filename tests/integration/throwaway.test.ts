import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { describeTable, type Fingerprint } from "../../src/domain/backups/fingerprint.ts";
import { compareDumps, tablesInOtherOrder } from "../../src/domain/proofs/compare-dumps.ts";
import type { Throwaway } from "../../src/postgres/postgres.ts";
import { loadAwkward } from "../fixtures/awkward.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { postgresRoom, sourceOf } from "./postgres-at.ts";
import { type Backup, dumpOf, takeBackup, wishFor, withThrowaway } from "./throwaway-scene.ts";

const room = postgresRoom();
/** Closed to everybody but us, as a state directory is; and longer than a socket's address may be. */
const closed = temporaryDirectory("throwaway");
const workPath = join(closed, "x".repeat(90), "work");
let source: PostgresTestServer;
let plain: Backup;

before(async () => {
  chmodSync(closed, 0o700);
  mkdirSync(workPath, { recursive: true });
  source = await startPostgres({ settings: { wal_level: "logical" } });
  await loadAwkward(source);
  plain = await takeBackup(room, { source: sourceOf(source), database: "awkward" });
});

after(() => source.stop());

/** As a proof compares: tables with another column order are read again by the recorded one (PROOF 4.6). */
async function differencesOf(recorded: Fingerprint, throwaway: Throwaway): Promise<readonly string[]> {
  const { fingerprint, isComplete } = await throwaway.readBack();
  assert.ok(isComplete);
  const again = await Promise.all(
    tablesInOtherOrder(recorded, fingerprint).map((table) => throwaway.fingerprintTable(table)),
  );
  const isAgain = (name: string) => again.some((table) => describeTable(table) === name);
  const tables = [...fingerprint.tables.filter((table) => !isAgain(describeTable(table))), ...again];
  return compareDumps(recorded, { ...fingerprint, tables }).differences;
}

for (const format of ["sql", "custom"] as const) {
  test(`a ${format} dump of an awkward database dumps back equal, object by object`, async () => {
    const backup =
      format === "sql"
        ? plain
        : await takeBackup(room, { source: sourceOf(source), database: "awkward", format });
    await withThrowaway(room, wishFor(backup, { workPath }), async (throwaway) => {
      await throwaway.restore(dumpOf(backup));
      assert.deepEqual(await differencesOf(backup.facts.fingerprint, throwaway), []);
      assert.deepEqual(throwaway.unproven, []);
      assert.match(throwaway.description, /^PostgreSQL \d+\.\d+, programs of this host$/);
    });
    assert.deepEqual(readdirSync(workPath), []);
  });
}
