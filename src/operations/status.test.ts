import assert from "node:assert/strict";
import { test } from "node:test";
import {
  backUp,
  loseCatalog,
  type MemoryScene,
  namesOf,
  openMemoryScene,
  rot,
  storeOf,
  verifyAll,
  withMemoryDestination,
} from "../../tests/fakes/memory-scene.ts";
import { capsuleJob } from "../../tests/fakes/real-context.ts";
import { openCatalog } from "../catalog/open-catalog.ts";
import { formatManifest, parseManifest } from "../domain/backups/manifest-text.ts";
import { Failure } from "../domain/failure.ts";
import type { JobStatus } from "../domain/health/status-report.ts";
import { accept } from "./hold.ts";
import { rebuildCatalog } from "./rebuild-catalog.ts";
import { status } from "./status.ts";

const dayMs = 86_400_000;

/** A job at every minute whose runs may be late for ever: only what the slots do not say is seen. */
const patient = { schedule: "* * * * *", graceMs: 1000 * dayMs } as const;

function openScheduled(given = {}): Promise<MemoryScene> {
  return openMemoryScene({ jobs: (root) => [capsuleJob(root, { ...patient, ...given })] });
}

/** The same machine after its state directory was lost. */
function withoutState(scene: MemoryScene): MemoryScene {
  return { ...scene, context: { ...scene.context, catalog: openCatalog(":memory:") } };
}

async function look({ context }: MemoryScene): Promise<{ readonly exit: number; readonly job: JobStatus }> {
  const { exit, jobs } = await status(context);
  const [job] = jobs;
  assert.ok(job);
  return { exit, job };
}

test("a fresh install is well until its first slot and grace have passed, and not longer", async () => {
  const scene = await openScheduled({ graceMs: 3_600_000 });
  const fresh = await look(scene);
  assert.equal(fresh.exit, 0);
  assert.equal(fresh.job.reason, "waiting for its first run");
  scene.advance(3_600_000 + 120_000);
  assert.equal((await look(scene)).exit, 6);
});

test("when all copies are damaged and the runs are forgotten, the job is not new", async () => {
  const scene = await openScheduled();
  const [id] = await backUp(scene);
  rot(storeOf(scene), `${id}.zip`);
  await verifyAll(scene);
  const lost = withoutState(scene);
  await loseCatalog(lost);
  assert.deepEqual(lost.context.catalog.runs(), []);
  const { exit, job } = await look(lost);
  assert.equal(exit, 6);
  assert.equal(job.reason, "it has backups, but none of them is good");
});

test("a lost state directory is told with the way out, which then works", async () => {
  const scene = await openScheduled();
  await backUp(scene);
  await backUp(scene);
  const lost = withoutState(scene);
  const { exit, job } = await look(lost);
  assert.equal(exit, 6);
  assert.equal(job.healthy, false);
  assert.match(job.reason, /the catalog knows no backups, and 2 lie at the destinations: run codex-backup/);
  await rebuildCatalog(lost.context, new AbortController().signal);
  assert.equal((await look(lost)).exit, 0);
});

test("of a suspect backup that was accepted, the last run says so", async () => {
  const scene = await openScheduled();
  const [id] = await backUp(scene);
  const { context } = scene;
  const { catalog } = context;
  const text = storeOf(scene).files.get(`${id}.manifest.json`)?.bytes ?? Buffer.alloc(0);
  const anomalies = [{ kind: "size", message: "it is half as large" }] as const;
  const manifest = { ...parseManifest(text, id), anomalies };
  catalog.putBackup(manifest, formatManifest(manifest), "0".repeat(64));
  const [run] = catalog.runs();
  assert.ok(run);
  catalog.updateRun({ ...run, summary: "complete, 1 s, 4 B; suspect; 1 old copy removed" });
  assert.match((await look(scene)).job.lastRun?.summary ?? "", /4 B; suspect; 1 old/);
  await accept(context, { backup: id, who: "me", why: "on purpose" });
  assert.equal((await look(scene)).job.lastRun?.summary, "complete, 1 s, 4 B; accepted; 1 old copy removed");
});

test("backups of another machine at the same destination make no new job ill", async () => {
  const scene = await openScheduled();
  await backUp(scene);
  const other = capsuleJob("/elsewhere", { ...patient, name: "other" });
  const lost = withoutState(scene);
  assert.equal((await look({ ...lost, context: { ...lost.context, jobs: [other] } })).exit, 0);
});

test("a destination that cannot be used ends with 6 and its reason, for a new job too", async () => {
  const scene = await openScheduled();
  const [destination] = scene.context.destinations.values();
  assert.ok(destination);
  const gone = () => {
    const hint = "Mount it.";
    throw new Failure("destination.missing", 'Cannot use "/replays": there is no such directory', { hint });
  };
  const broken = withMemoryDestination(scene, { ...destination, look: gone, list: gone });
  const { exit, job } = await look(broken);
  assert.equal(exit, 6);
  assert.equal(job.reason, 'cannot use "replays"');
  const { disk } = await status(broken.context);
  assert.equal(disk[0]?.failure?.code, "destination.missing");
});

test("an adopted dump of five days ago is no healthy daily backup, though the job is known since today", async () => {
  const scene = await openMemoryScene({ jobs: (root) => [capsuleJob(root, { schedule: "0 2 * * *" })] });
  const adoptedAt = scene.context.clock.now();
  const [id] = await backUp(scene);
  for (const [days, exit] of [
    [5, 6],
    [0, 0],
  ] as const) {
    const lost = withoutState(scene);
    const startedAt = new Date(adoptedAt - days * dayMs).toISOString();
    const text = storeOf(scene).files.get(`${id}.manifest.json`)?.bytes ?? Buffer.alloc(0);
    const manifest = { ...parseManifest(text, id), startedAt, finishedAt: startedAt, adopted: true };
    const { catalog } = lost.context;
    catalog.putBackup(manifest, formatManifest(manifest), "0".repeat(64));
    for (const copy of scene.context.catalog.backup("capsule", id)?.copies ?? []) catalog.putCopy(copy);
    assert.equal((await look(lost)).exit, exit, `${days} days`);
  }
});

test("one night with a wrong clock is red only until the next good run", async () => {
  const scene = await openScheduled();
  const ahead = 400 * dayMs;
  scene.advance(ahead);
  const [misdated] = await backUp(scene);
  scene.advance(-ahead);
  const red = await look(scene);
  assert.equal(red.exit, 6);
  assert.match(red.job.reason, /in the future/);
  const [good] = await backUp(scene);
  const healed = await look(scene);
  assert.equal(healed.exit, 0);
  assert.equal(healed.job.newestGood?.id, good);
  assert.notEqual(good, misdated);
  assert.match(healed.job.reason, /one made before it is dated .* in the future by a wrong clock/);
});

test("a backup from before the wrong night does not hide it", async () => {
  const scene = await openScheduled();
  await backUp(scene);
  scene.advance(400 * dayMs);
  await backUp(scene);
  scene.advance(-400 * dayMs);
  assert.equal((await look(scene)).exit, 6);
  assert.equal(namesOf(storeOf(scene), ".zip").length, 2);
});
