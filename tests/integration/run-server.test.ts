import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { PostgresJob } from "../../src/domain/jobs/job.ts";
import { Secret } from "../../src/domain/secret.ts";
import { postgresJob } from "../fakes/real-context.ts";
import { loadCodex } from "../fixtures/codex.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { sourceOf } from "./postgres-at.ts";
import {
  assertFailed,
  assertFailsAndHeals,
  assertSound,
  assertUntouched,
  openScene,
  published,
  runAll,
  runOne,
  runWell,
  type Scene,
  withJobs,
} from "./run-scene.ts";

let server: PostgresTestServer;
let guarded: PostgresTestServer;

before(async () => {
  [server, guarded] = await Promise.all([startPostgres(), startPostgres({ auth: "scram", tcp: true })]);
  await Promise.all([loadCodex(server), loadCodex(guarded, { rows: 100 })]);
});

after(() => Promise.all([server.stop(), guarded.stop()]));

const ofCodex = (given: Partial<PostgresJob> = {}) => postgresJob(sourceOf(server), given);

test("a server that is down leaves a failed run and nothing else, and the next run heals", async () => {
  const mortal = await startPostgres();
  await loadCodex(mortal, { rows: 100 });
  const scene = await openScene({ jobs: [postgresJob(sourceOf(mortal))] });
  await runWell(scene);
  const before = published(scene);
  await mortal.stop();
  const report = await runOne(scene);
  assertFailed(scene, report, "postgres.unreachable");
  assert.match(report.failure?.hint ?? "", /server runs/);
  await assertSound(scene);
  assert.deepEqual(published(scene), before);
  await runWell(withJobs(scene, [ofCodex()]));
  await assertSound(scene);
  assertUntouched(before);
});

test("a server that dies in the middle of the dump leaves nothing of it", async () => {
  const mortal = await startPostgres();
  await loadCodex(mortal, { rows: 60_000 });
  const scene = await openScene({ jobs: [postgresJob(sourceOf(mortal))] });
  let hasBegun = () => {};
  const begun = new Promise<void>((resolve) => {
    hasBegun = resolve;
  });
  const onProgress: Scene["context"]["onProgress"] = ({ step }) => void (step === "dump" && hasBegun());
  const running = runOne({ ...scene, context: { ...scene.context, onProgress } });
  await begun;
  await mortal.stop();
  const report = await running;
  assert.match(report.failure?.code ?? "", /^postgres\.(session-lost|dump-failed|query)$/);
  assertFailed(scene, report, report.failure?.code ?? "run.internal");
  await assertSound(scene);
  assert.equal(published(scene).size, 0);
});

test("a wrong password over TCP is told as such, without the password", async () => {
  const source = sourceOf(guarded, { host: "127.0.0.1" });
  const scene = await openScene({ jobs: [postgresJob(source)] });
  const wrong = { ...source, password: new Secret("canary-0815") };
  await assertFailsAndHeals(scene, {
    code: "postgres.login",
    says: /password authentication failed/,
    hint: /password/,
    failing: withJobs(scene, [postgresJob(wrong)]),
    break: async () => undefined,
  });
  assert.doesNotMatch(JSON.stringify(scene.context.catalog.runs()), /canary/);
});

test("a missing database is named", async () => {
  const scene = await openScene({ jobs: [ofCodex()] });
  await assertFailsAndHeals(scene, {
    code: "postgres.database-missing",
    says: /"codexdb_gone"/,
    failing: withJobs(scene, [ofCodex({ databases: { kind: "named", names: ["codexdb_gone"] } })]),
    break: async () => undefined,
  });
});

test("a table that the role may not read is named with the grant that mends it", async () => {
  await server.psql("CREATE ROLE reader LOGIN; GRANT pg_read_all_data TO reader");
  const scene = await openScene({ jobs: [postgresJob(sourceOf(server, { user: "reader" }))] });
  await assertFailsAndHeals(scene, {
    code: "postgres.permission",
    says: /audit_logs/,
    hint: /GRANT pg_read_all_data TO "reader"/,
    break: async () => {
      await server.psql("REVOKE pg_read_all_data FROM reader");
      return () => server.psql("GRANT pg_read_all_data TO reader").then(() => undefined);
    },
  });
});

test("rows that row security would hide fail the run instead of being left out", async () => {
  await server.psql("CREATE ROLE limited LOGIN; GRANT pg_read_all_data TO limited");
  const scene = await openScene({ jobs: [postgresJob(sourceOf(server, { user: "limited" }))] });
  await assertFailsAndHeals(scene, {
    code: "postgres.row-security",
    says: /audit_logs/,
    hint: /BYPASSRLS/,
    break: async () => {
      await server.psql("ALTER TABLE audit_logs ENABLE ROW LEVEL SECURITY", "codexdb");
      return () =>
        server.psql("ALTER TABLE audit_logs DISABLE ROW LEVEL SECURITY", "codexdb").then(() => undefined);
    },
  });
});

/** A transaction that holds ACCESS EXCLUSIVE by doing `sql`, until told to end. */
async function holdLock(
  sql: string,
): Promise<{ readonly end: (how: "COMMIT" | "ROLLBACK") => Promise<void> }> {
  const { spawn } = await import("node:child_process");
  const child = spawn(`${server.binDirectory}/psql`, ["-X", "-q", "-d", "codexdb"], {
    env: { ...server.env },
    stdio: ["pipe", "ignore", "inherit"],
  });
  child.stdin.write(`BEGIN; ${sql};\n`);
  await untilTrue("SELECT count(*) > 0 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted");
  return {
    async end(how) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end(`${how};\n`);
      await gone;
    },
  };
}

async function untilTrue(sql: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if ((await server.psql(sql, "codexdb")) === "t") return;
    await delay(5);
  }
  throw new Error(`never true: ${sql}`);
}

const weWait =
  "SELECT count(*) > 0 FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.application_name LIKE 'codex-backup-%'";

test("a table that stays locked fails the run by its name and by its holder", async () => {
  const scene = await openScene({ jobs: [ofCodex()] });
  await assertFailsAndHeals(scene, {
    code: "postgres.lock-timeout",
    says: /audit_logs is locked by process \d+/,
    failing: withJobs(scene, [ofCodex({ lockWaitMs: 200 })]),
    break: async () => {
      const lock = await holdLock("LOCK TABLE audit_logs IN ACCESS EXCLUSIVE MODE");
      return () => lock.end("ROLLBACK");
    },
  });
});

for (const [what, sql, rows] of [
  ["TRUNCATE", "TRUNCATE raced", "0"],
  ["DROP", "DROP TABLE raced", null],
  ["a new table under the old name", "DROP TABLE raced; CREATE TABLE raced AS SELECT 9 AS n", "1"],
] as const) {
  test(`${what} that races with the start gives a backup of what was committed`, async () => {
    await server.psql(
      "DROP TABLE IF EXISTS raced; CREATE TABLE raced AS SELECT generate_series(1, 500) AS n",
      "codexdb",
    );
    const scene = await openScene({ jobs: [ofCodex({ lockWaitMs: 20_000 })] });
    const lock = await holdLock(sql);
    const running = runWell(scene);
    await untilTrue(weWait);
    await lock.end("COMMIT");
    const report = await running;
    const text = scene.context.catalog.manifestText("database", report.backup?.id ?? "");
    const found = /"name": "raced",\s+(?:"[a-zA-Z]+": [^\n]+\s+)*?"rows": (\d+)/.exec(text ?? "");
    assert.equal(found?.[1] ?? null, rows);
    await assertSound(scene);
  });
}

test("one database of three that fails takes neither of the others with it", async () => {
  await server.psql("CREATE DATABASE second; CREATE DATABASE third");
  await server.psql("CREATE TABLE t AS SELECT 1 AS n", "second");
  await server.psql("CREATE TABLE t AS SELECT 1 AS n", "third");
  for (const missing of [0, 1, 2]) {
    const names = ["codexdb", "second", "third"].toSpliced(missing, 1, "gone");
    const scene = await openScene({ jobs: [ofCodex({ databases: { kind: "named", names } })] });
    const reports = await runAll(scene);
    assert.deepEqual(
      reports.map((report) => [report.database, report.outcome]),
      names.map((name) => [name, name === "gone" ? "failed" : "complete"]),
    );
    const failed = reports[missing];
    assert.ok(failed);
    assertFailed(scene, failed, "postgres.database-missing");
    await assertSound(scene);
  }
});

test("a database that is new tonight is in tonight's backup, and exceptions are not", async () => {
  const databases = { kind: "all", except: ["postgres", "second", "third"] } as const;
  const scene = await openScene({ jobs: [ofCodex({ databases })] });
  assert.deepEqual(
    (await runAll(scene)).map((report) => [report.database, report.outcome]),
    [["codexdb", "complete"]],
  );
  await server.psql("CREATE DATABASE arrived");
  assert.deepEqual(
    (await runAll(scene)).map((report) => [report.database, report.outcome]),
    [
      ["arrived", "complete"],
      ["codexdb", "complete"],
    ],
  );
  await assertSound(scene);
  await server.psql("DROP DATABASE arrived");
});

test("a server without its maintenance database is still asked for all its databases", async () => {
  const bare = await startPostgres();
  await loadCodex(bare, { rows: 100 });
  await bare.psql("DROP DATABASE postgres", "template1");
  const scene = await openScene({
    jobs: [postgresJob(sourceOf(bare), { databases: { kind: "all", except: [] } })],
  });
  const [report, ...others] = await runAll(scene);
  assert.deepEqual([report?.database, report?.outcome, others], ["codexdb", "complete", []]);
  await bare.stop();
});
