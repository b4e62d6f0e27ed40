import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadAwkward } from "../fixtures/awkward.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { postgresRoom, sourceOf } from "./postgres-at.ts";
import { assertEqual, type Backup, dumpOf, takeBackup, wishFor, withThrowaway } from "./throwaway-scene.ts";

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

for (const format of ["sql", "custom"] as const) {
  test(`a ${format} dump of an awkward database dumps back equal, object by object`, async () => {
    const backup =
      format === "sql"
        ? plain
        : await takeBackup(room, { source: sourceOf(source), database: "awkward", format });
    await withThrowaway(room, wishFor(backup, { workPath }), async (throwaway) => {
      await throwaway.restore(dumpOf(backup));
      await assertEqual(backup, throwaway);
      assert.deepEqual(throwaway.unproven, []);
      assert.match(throwaway.description, /^PostgreSQL \d+\.\d+, programs of this host$/);
    });
    assert.deepEqual(readdirSync(workPath), []);
  });
}
