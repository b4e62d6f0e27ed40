import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryDestination } from "../../tests/fakes/memory-destination.ts";
import {
  backUp,
  type MemoryScene,
  openMemoryScene,
  rot,
  storeOf,
  verifyAll,
  withMemoryDestination,
} from "../../tests/fakes/memory-scene.ts";
import type { Immutability } from "../domain/copies/storage-traits.ts";
import { listBackups } from "./list.ts";
import { metrics } from "./metrics.ts";
import { status } from "./status.ts";

const dayMs = 86_400_000;

/** Two places, the second of them away from here and with a lock that a test can turn. */
async function openTwo(lock: { days: Immutability | null }): Promise<MemoryScene> {
  const plain = await openMemoryScene({ destinations: ["here", "there"] });
  const there = createMemoryDestination({
    name: "there",
    store: storeOf(plain, "there"),
    now: () => plain.context.clock.now(),
    traits: { kind: "s3", medium: "cloud", isOffSite: true },
    immutability: () => lock.days,
  });
  return withMemoryDestination(plain, there);
}

async function ruleOf({ context }: MemoryScene) {
  const [job] = (await status(context)).jobs;
  return job?.copiesRule;
}

function immutables({ context }: MemoryScene) {
  const listed = listBackups(context, { job: null, limit: null });
  return listed.map(({ copies }) => copies.map(({ immutable }) => immutable?.until ?? null));
}

test("the rule is counted over the newest good backup, and list tells until when its copy is kept", async () => {
  const lock: { days: Immutability | null } = { days: { by: "object-lock", days: 7 } };
  const scene = await openTwo(lock);
  await backUp(scene);
  const rule = await ruleOf(scene);
  assert.deepEqual(
    [rule?.copies, rule?.media, rule?.offSite, rule?.immutable, rule?.errors, rule?.lacking],
    [3, 2, 1, 1, 0, []],
  );
  const created = scene.context.catalog.backups()[0]?.createdAt ?? 0;
  const until = new Date(created + 7 * dayMs).toISOString();
  assert.deepEqual(immutables(scene), [[null, until]]);
  scene.advance(8 * dayMs);
  assert.deepEqual((await ruleOf(scene))?.lacking, ["immutable"]);
  assert.deepEqual(immutables(scene), [[null, null]]);
});

test("a copy that was made before the lock was there is never called immutable", async () => {
  const lock: { days: Immutability | null } = { days: null };
  const scene = await openTwo(lock);
  await backUp(scene);
  lock.days = { by: "object-lock", days: 30 };
  await backUp(scene); // its run is the first to see the lock, after it began
  assert.equal((await ruleOf(scene))?.immutable, 0);
  await backUp(scene);
  assert.equal((await ruleOf(scene))?.immutable, 1);
  assert.deepEqual(
    immutables(scene).map(([, there]) => there !== null),
    [true, false, false],
  );
});

test("damage of any copy is an error of the rule, and so is a copy that nobody has read for too long", async () => {
  const scene = await openTwo({ days: null });
  const [id] = await backUp(scene);
  const mend = rot(storeOf(scene, "there"), `${id}.zip`);
  await verifyAll(scene);
  assert.deepEqual([(await ruleOf(scene))?.errors, (await ruleOf(scene))?.copies], [1, 2]);
  mend();
  await verifyAll(scene, "read");
  assert.equal((await ruleOf(scene))?.errors, 0);
  scene.advance(31 * dayMs);
  assert.equal((await ruleOf(scene))?.errors, 1);
});

test("a promise that is broken is a concern with the places, until the copies are read; without one there is none", async () => {
  const plain = await openTwo({ days: null });
  await backUp(plain);
  const reading = { budgetBytes: null, withinMs: 10 * dayMs, schedule: null, timezone: "UTC" };
  const scene = { ...plain, context: { ...plain.context, reading } };
  const unread = async ({ context }: MemoryScene) =>
    (await status(context)).jobs.flatMap(({ concerns }) => concerns.filter(({ kind }) => kind === "unread"));
  assert.deepEqual(await unread(scene), []);
  scene.advance(11 * dayMs);
  const [concern] = await unread(scene);
  assert.match(concern?.message ?? "", /"here" was not read for 11 d.*"there"/);
  assert.deepEqual(await unread(plain), []);
  const text = await metrics(scene.context);
  assert.match(text, /codex_backup_copies_unread\{backup_job="capsule",database=""\} 1/);
  await verifyAll(scene);
  assert.deepEqual(await unread(scene), []);
  const readAt = /codex_backup_oldest_read_copy_timestamp_seconds\{destination="there"\} ([\d.]+)/;
  const [, seconds] = readAt.exec(await metrics(scene.context)) ?? [];
  assert.equal(Number(seconds) * 1000 > scene.context.clock.now() - dayMs, true);
});
