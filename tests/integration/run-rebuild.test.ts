import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { VerifyReport } from "../../src/domain/backups/verify-report.ts";
import type { Job } from "../../src/domain/jobs/job.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import { capsuleJob, postgresJob } from "../fakes/real-context.ts";
import { loadCodex } from "../fixtures/codex.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { sourceOf } from "./postgres-at.ts";
import { assertSound, openScene, runAll, type Scene } from "./run-scene.ts";

let server: PostgresTestServer;
const root = join(temporaryDirectory("storage"), "storage");

before(async () => {
  server = await startPostgres();
  await loadCodex(server, { rows: 300 });
  await server.psql("CREATE DATABASE second");
  mkdirSync(join(root, "ledger"), { recursive: true });
  writeFileSync(join(root, "audit.log"), "line\n".repeat(1000));
  writeFileSync(join(root, "ledger", "a.json"), '{"a":1}');
});

after(() => server.stop());

const signal = new AbortController().signal;

/** The same machine after the loss of its state directory, with a catalog made from the destinations. */
async function rebuilt(scene: Scene, jobs: readonly Job[] = scene.context.jobs): Promise<Scene> {
  scene.context.catalog.close();
  rmSync(join(scene.home, "state"), { recursive: true });
  const names = [...scene.context.destinations.keys()];
  const fresh = await openScene({ home: scene.home, jobs, destinations: names });
  await createOperations(fresh.context).rebuildCatalog(signal);
  return fresh;
}

function verifyAll(scene: Scene, level: "hashed" | "read" = "hashed"): Promise<readonly VerifyReport[]> {
  return createOperations(scene.context).verify({ backups: [], level, sinceMs: null, signal });
}

const nightJobs = (): readonly Job[] => [
  postgresJob(sourceOf(server), {
    databases: { kind: "named", names: ["codexdb", "second"] },
    to: ["near", "far"],
    compress: "zstd",
  }),
  capsuleJob(root, { to: ["far"] }),
];

test("after the loss of the catalog every backup is found again, with its level, copies and holds", async () => {
  const scene = await openScene({ jobs: nightJobs(), destinations: ["near", "far"] });
  for (const night of [1, 2]) {
    const reports = await runAll(scene);
    assert.deepEqual(
      reports.map((report) => report.outcome),
      ["complete", "complete", "complete"],
      JSON.stringify([night, ...reports.map((report) => report.failure)]),
    );
  }
  const operations = createOperations(scene.context);
  const before = await operations.list({ job: null, limit: null });
  assert.equal(before.length, 6);
  const held = before[2]?.id ?? "";
  await operations.hold({ backup: held, who: "ada", why: "before the migration" });
  const expected = (await operations.list({ job: null, limit: null })).map(withoutCheckTimes);
  const marks = (await operations.show(held)).marks;

  const fresh = await rebuilt(scene);
  const again = createOperations(fresh.context);
  assert.deepEqual((await again.list({ job: null, limit: null })).map(withoutCheckTimes), expected);
  assert.deepEqual((await again.show(held)).marks, marks);
  await assertSound(fresh);
  assert.deepEqual(
    (await verifyAll(fresh, "read")).map((report) => report.exit),
    new Array(10).fill(0),
  );
  const next = await runAll(fresh);
  assert.deepEqual(
    next.map((report) => report.exit),
    [0, 0, 0],
  );
});

function withoutCheckTimes<T extends { readonly copies: readonly object[] }>(backup: T) {
  return { ...backup, copies: backup.copies.map((copy) => ({ ...copy, checkedAt: null })) };
}

/** Flips one bit of a file while `work` runs. */
async function withFlip(path: string, at: number, work: () => Promise<void>): Promise<void> {
  const bytes = readFileSync(path);
  const rotten = Buffer.from(bytes);
  rotten.writeUInt8(rotten.readUInt8(at) ^ 1, at);
  writeFileSync(path, rotten);
  try {
    await work();
  } finally {
    writeFileSync(path, bytes);
  }
}

/** First, last, and some between. */
function positions(length: number, count: number): readonly number[] {
  const spread = Array.from({ length: count }, (_, index) => Math.floor((index * length) / count));
  return [...new Set([...spread, length - 1])];
}

function dataFiles(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => /\.(sql|zst|gz|dump|zip|sha256|manifest\.json)$/.test(name));
}

async function oneBackup(job: Job): Promise<{ readonly scene: Scene; readonly directory: string }> {
  const scene = await openScene({ jobs: [job] });
  const [report] = await runAll(scene);
  assert.equal(report?.outcome, "complete");
  return { scene, directory: scene.directories[0] ?? "" };
}

function assertDamaged(reports: readonly VerifyReport[], what: string): void {
  assert.deepEqual(
    reports.map((report) => [report.exit, report.outcome]),
    [[4, "damaged"]],
    what,
  );
}

const kinds = {
  "a plain dump": () => postgresJob(sourceOf(server)),
  "a zstd dump": () => postgresJob(sourceOf(server), { compress: "zstd" }),
  "a custom archive": () => postgresJob(sourceOf(server), { format: "custom" }),
  "a capsule": () => capsuleJob(root, { to: ["backups"] }),
} as const;

for (const [kind, job] of Object.entries(kinds)) {
  test(`a flipped bit anywhere in ${kind} and what belongs to it is found, and nothing else is`, async () => {
    const { scene, directory } = await oneBackup(job());
    const backups = scene.context.catalog.backups().map(({ job: of, id }) => [of, id]);
    const names = dataFiles(directory);
    assert.ok(names.length >= 3);
    for (const name of names) {
      const path = join(directory, name);
      for (const at of positions(readFileSync(path).length, 12)) {
        await withFlip(path, at, async () => assertDamaged(await verifyAll(scene), `${name} at ${at}`));
      }
    }
    assert.deepEqual(dataFiles(directory), names, "no other backup's files were made");
    assert.deepEqual(
      scene.context.catalog.backups().map(({ job: of, id }) => [of, id]),
      backups,
      "no other backup was recorded",
    );
    const deep = await verifyAll(scene, "read");
    assert.deepEqual(
      deep.map((report) => report.exit),
      [0],
    );
  });

  test(`a flipped bit in ${kind} is found also after the loss of the catalog`, async () => {
    const opened = await oneBackup(job());
    let { scene } = opened;
    for (const name of dataFiles(opened.directory)) {
      const path = join(opened.directory, name);
      for (const at of positions(readFileSync(path).length, 3)) {
        await withFlip(path, at, async () => {
          scene = await rebuilt(scene);
          assertDamaged(await verifyAll(scene), `${name} at ${at}`);
          scene = await rebuilt(scene);
          const [row] = scene.context.catalog.backups();
          assert.ok(
            row === undefined || row.copies.every((copy) => copy.state === "damaged"),
            `${name} at ${at}`,
          );
        });
      }
    }
  });
}

test("every value of a manifest is protected, the names of job and backup too", async () => {
  const { scene, directory } = await oneBackup(postgresJob(sourceOf(server)));
  const [name = ""] = readdirSync(directory).filter((each) => each.endsWith(".manifest.json"));
  const path = join(directory, name);
  const text = readFileSync(path, "utf8");
  for (const value of [
    '"job": "',
    '"id": "',
    '"database": "',
    '"startedAt": "',
    '"outcome": "',
    '"version": ',
  ]) {
    const at = text.indexOf(value) + value.length;
    assert.ok(at > value.length, value);
    await withFlip(path, at, async () => assertDamaged(await verifyAll(scene), value));
  }
  assert.deepEqual(
    scene.context.catalog.backups().map((row) => row.job),
    ["database"],
  );
});

test("a file that is missing, longer or shorter is found", async () => {
  const { scene, directory } = await oneBackup(postgresJob(sourceOf(server)));
  for (const name of dataFiles(directory)) {
    const path = join(directory, name);
    const bytes = readFileSync(path);
    for (const other of [
      null,
      Buffer.concat([bytes, Buffer.from("x")]),
      bytes.subarray(0, -1),
      Buffer.alloc(0),
    ]) {
      if (other === null) rmSync(path);
      else writeFileSync(path, other, { mode: 0o600 });
      const reports = await verifyAll(scene);
      assertDamaged(reports, `${name} of ${other?.length ?? "no"} bytes`);
      writeFileSync(path, bytes, { mode: 0o600 });
    }
  }
});
