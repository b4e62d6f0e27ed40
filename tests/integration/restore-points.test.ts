import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Manifest } from "../../src/domain/backups/manifest.ts";
import type { CapsuleJob, PostgresJob } from "../../src/domain/jobs/job.ts";
import { listPoints } from "../../src/operations/sets/list-points.ts";
import { noRule } from "../fakes/keep-policy.ts";
import { capsuleJob, localSource, postgresJob } from "../fakes/real-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { openScene, runAll, type Scene } from "./run-scene.ts";

// One restore point: a database that names files, and the tree that should hold them.
let server: PostgresTestServer;
const ask = { sql: "select path from files;", root: "ledger", timeoutMs: 60_000 };
const odd = `it's "odd" \\ Ünï \u2028 line\nbreak`;

before(async () => {
  server = await startPostgres();
  await server.createDatabase("codexdb");
  await server.psql("create table files (path text)", "codexdb");
});

after(() => server.stop());

interface Night extends Scene {
  readonly root: string;
  put(name: string, text?: string): void;
  manifest(job: string): Manifest;
}

async function night(
  given: { readonly database?: Partial<PostgresJob>; readonly capsule?: Partial<CapsuleJob> } = {},
): Promise<Night> {
  const home = temporaryDirectory("points");
  const root = join(home, "storage");
  mkdirSync(join(root, "ledger"), { recursive: true });
  const jobs = [
    // Before the database in the config, after it in the run.
    capsuleJob(root, { to: ["backups"], set: "nightly", ...given.capsule }),
    postgresJob(localSource(server), { set: "nightly", references: [ask], ...given.database }),
  ];
  const scene = await openScene({ home, jobs, env: server.env });
  return {
    ...scene,
    root,
    put: (name, text = "x") => writeFileSync(join(root, name), text),
    manifest: (job) => {
      const names = readdirSync(join(home, "backups")).filter((name) => name.endsWith(".manifest.json"));
      const all = names.map(
        (name): Manifest => JSON.parse(readFileSync(join(home, "backups", name), "utf8")),
      );
      const found = all
        .filter((one) => one.job === job)
        .toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1))[0];
      assert.ok(found, job);
      return found;
    },
  };
}

const rows = (...paths: readonly string[]) =>
  server.psql(
    `truncate files; insert into files values ${paths.map((path) => `('${path.replaceAll("'", "''")}')`).join(", ")}`,
    "codexdb",
  );

test("the capsule is packed after the snapshot, names the dump that it belongs to, and lacks nothing that rows name", async () => {
  const scene = await night();
  for (const name of ["a", odd, "unnamed"]) scene.put(`ledger/${name}`);
  utimesSync(join(scene.root, "ledger/a"), 1, 1); // a program may set the one time, not the other
  await rows("a", odd, `${scene.root}/ledger/a`, "./a");
  const [database, capsule] = await runAll(scene);
  assert.deepEqual([database?.job, database?.outcome, database?.warnings], ["database", "complete", []]);
  assert.deepEqual([capsule?.job, capsule?.outcome, capsule?.warnings], ["capsule", "complete", []]);
  const [dump, zip] = [scene.manifest("database"), scene.manifest("capsule")];
  const point = zip.set?.point;
  assert.ok(point && dump.set?.snapshotAt);
  assert.deepEqual(
    point.members.map(({ job, database: name, backup, snapshotAt, reason }) => [
      job,
      name,
      backup,
      snapshotAt,
      reason,
    ]),
    [["database", "codexdb", dump.id, dump.set.snapshotAt, null]],
  );
  assert.ok(point.walk.startedAt > dump.set.snapshotAt);
  assert.equal(point.driftMs, Date.parse(point.walk.finishedAt) - Date.parse(dump.set.snapshotAt));
  assert.deepEqual(zip.capsule?.references, {
    queries: [
      {
        ...{ job: "database", database: "codexdb", backup: dump.id },
        ...{ sql: ask.sql, root: "ledger" },
        unchecked: null,
        named: 4,
        missing: { count: 0, first: [] },
      },
    ],
    unreferenced: [{ root: "ledger", count: 1, first: ["ledger/unnamed"] }],
  });
  assert.deepEqual(zip.capsule.drift, { files: 0, folders: 0, first: [] });
});

test("a file that rows name and the capsule lacks makes the run incomplete, and the capsule keeps the list", async () => {
  const scene = await night();
  scene.put("ledger/a");
  await rows("a", "gone", "../audit.log", "/etc/passwd", "Ünï");
  const [, capsule] = await runAll(scene);
  assert.deepEqual([capsule?.outcome, capsule?.exit], ["incomplete", 3]);
  assert.match(
    capsule?.warnings.join("\n") ?? "",
    /^database \(codexdb\) names 5 files below "ledger", 4 of them not in this capsule: .*"ledger\/gone"/,
  );
  const manifest = scene.manifest("capsule");
  assert.equal(manifest.outcome, "complete", "it holds all that was there");
  const missing = manifest.capsule?.references?.queries[0]?.missing;
  assert.deepEqual(
    [missing?.count, missing?.first.toSorted()],
    [4, ["../audit.log", "/etc/passwd", "ledger/gone", "ledger/Ünï"]],
  );
});

test("what was touched after the snapshot is drift, though a program has set its time back", async () => {
  const scene = await night();
  scene.put("ledger/a");
  await rows("a");
  await runAll(scene, { all: false, jobs: ["database"] });
  scene.put("ledger/later");
  utimesSync(join(scene.root, "ledger/later"), 1, 1);
  await runAll(scene, { all: false, jobs: ["capsule"] });
  assert.deepEqual(scene.manifest("capsule").capsule?.drift, {
    files: 1,
    folders: 1,
    first: ["ledger/later"],
  });
});

test("when the database's run failed, the point says what it lacks, and yesterday's dump does not pass for tonight's", async () => {
  const scene = await night();
  scene.put("ledger/a");
  await rows("a");
  await runAll(scene);
  await server.psql("alter database codexdb rename to away");
  const [database, capsule] = await runAll(scene);
  await server.psql("alter database away rename to codexdb");
  assert.deepEqual([database?.outcome, capsule?.outcome], ["failed", "complete"]);
  const point = scene.manifest("capsule").set?.point;
  assert.equal(point?.members[0]?.backup, null);
  assert.match(
    capsule?.warnings.join("\n") ?? "",
    /restore point nightly_\S+ lacks database \(codexdb\): its run \S+ failed/,
  );
  assert.match(capsule?.warnings.join("\n") ?? "", /were not checked: the point lacks its backup/);
});

test("a query that fails or takes too long costs no dump: a warning, and the point says that it was not checked", async () => {
  const sqls = [
    "select path from no_such_table",
    "select pg_sleep(60)::text",
    "select path, path from files",
  ];
  const references = sqls.map((sql) => ({ ...ask, sql, timeoutMs: 300 }));
  const scene = await night({ database: { references } });
  scene.put("ledger/a");
  await rows("a");
  const [database, capsule] = await runAll(scene);
  assert.deepEqual([database?.outcome, database?.warnings.length], ["complete", 3]);
  assert.match(database?.warnings.join("\n") ?? "", /no_such_table[\s\S]*timeout[\s\S]*several columns/);
  const facts = scene.manifest("capsule").capsule?.references;
  assert.ok(facts?.queries.every(({ unchecked }) => unchecked !== null));
  assert.deepEqual(facts?.unreferenced, []);
  assert.equal(capsule?.warnings.length, 3);
});

test("a list that waits no more is told as not checked", async () => {
  const scene = await night();
  scene.put("ledger/other");
  await rows("other");
  await runAll(scene);
  rmSync(join(scene.home, "state/references/database/codexdb"), { recursive: true });
  await runAll(scene, { all: false, jobs: ["capsule"] });
  assert.match(scene.manifest("capsule").capsule?.references?.queries[0]?.unchecked ?? "", /not there/);
  const [newest, first] = listPoints(scene.context, { set: "nightly", limit: 5 });
  assert.deepEqual([newest?.isWhole, first?.isWhole], [false, true]);
  assert.deepEqual(
    first?.members.map(({ job, isThere }) => [job, isThere]),
    [["database", true]],
  );
});

test("pruning leaves the newest whole point together, although each part's policy would take it", async () => {
  const keep = { ...noRule, last: 1 };
  const scene = await night({
    database: { keep, nameTemplate: "{database}_{timestamp}" },
    capsule: { keep },
  });
  scene.put("ledger/a");
  await rows("a");
  await runAll(scene);
  const { id } = scene.manifest("database");
  await runAll(scene, { all: false, jobs: ["database"] });
  assert.notEqual(scene.context.catalog.backup("database", id), null, "its capsule has no other database");
  await runAll(scene, { all: false, jobs: ["capsule"] });
  await runAll(scene, { all: false, jobs: ["database"] });
  assert.equal(scene.context.catalog.backup("database", id), null, "a newer whole point took its place");
});
