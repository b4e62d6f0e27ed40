import assert from "node:assert/strict";
import { test } from "node:test";
import {
  backUp,
  type MemoryScene,
  noSignal,
  openMemoryScene,
  storeOf,
} from "../../tests/fakes/memory-scene.ts";
import { openDumpScene, proveOne } from "../../tests/fakes/proof-scene.ts";
import { acceptGone } from "./accept-gone.ts";
import { jobNamed } from "./context.ts";
import { noteGone } from "./prune/note-gone.ts";
import { prune } from "./prune/prune.ts";
import { verifySignatures } from "./signatures/verify-signatures.ts";
import { statusByCatalog } from "./status.ts";

const me = { who: "me", why: "on purpose" };

function concernsOf({ context }: MemoryScene, kind: string): readonly string[] {
  const concerns = statusByCatalog(context, jobNamed(context, "capsule")).flatMap((one) => one.concerns);
  return concerns.filter((one) => one.kind === kind).map(({ message }) => message);
}

function take(scene: MemoryScene, prefix: string, destination = "replays") {
  const { files } = storeOf(scene, destination);
  const taken = [...files].filter(([name]) => name.startsWith(prefix));
  assert.ok(taken.length > 0);
  for (const [name] of taken) files.delete(name);
  return taken;
}

function keepingLast(scene: MemoryScene, last: number): MemoryScene {
  const jobs = scene.context.jobs.map((job) =>
    job.kind === "capsule" ? { ...job, keep: { ...job.keep, last, minimum: 1 } } : job,
  );
  return { ...scene, context: { ...scene.context, jobs } };
}

for (const last of [0, 9]) {
  test(`the newest backup removed by hand is told by the next run, ${last === 0 ? "without" : "with"} a policy, until it is back`, async () => {
    const plain = await openMemoryScene();
    const scene = last === 0 ? plain : keepingLast(plain, last);
    await backUp(scene);
    const [id] = await backUp(scene);
    const taken = take(scene, id);
    await backUp(scene);
    assert.deepEqual(concernsOf(scene, "gone"), [`"${id}" is gone from "replays", and no policy removed it`]);
    for (const [name, file] of taken) storeOf(scene).files.set(name, file);
    await backUp(scene);
    assert.deepEqual(concernsOf(scene, "gone"), []);
  });
}

test("policy that has done with what is gone does not excuse who took it, in status and in the chain", async () => {
  const plain = await openMemoryScene();
  await plain.context.signatures.generate();
  const scene = keepingLast(plain, 3);
  const ids: string[] = [];
  for (let night = 0; night < 2; night += 1) ids.push((await backUp(scene))[0]);
  take(scene, ids[1] ?? "");
  for (let night = 0; night < 2; night += 1) await backUp(scene);
  await prune(scene.context, { jobs: [], dryRun: false, yes: true, signal: noSignal });
  const { catalog } = scene.context;
  assert.equal(catalog.backup("capsule", ids[1] ?? ""), null, "damaged, and a newer good one exists");
  assert.equal(concernsOf(scene, "gone").length, 1);
  const missing = async () =>
    (await verifySignatures(scene.context, { backups: [], job: null, signal: noSignal })).flatMap(
      ({ outcome, backup }) => (outcome === "damaged" ? [backup] : []),
    );
  await backUp(scene);
  assert.deepEqual(await missing(), [ids[1]]);
  await acceptGone(scene.context, { ...me, backup: `capsule/${ids[1]}` });
  assert.deepEqual([await missing(), concernsOf(scene, "gone")], [[], []]);
});

test("a receipt that was removed is told, its backup still there; with its backup, only that is", async () => {
  const scene = await openMemoryScene();
  const [id] = await backUp(scene);
  const name = `${id}.proof-20261123T010000Z.json`;
  storeOf(scene).files.set(name, { bytes: Buffer.from("{}"), modifiedMs: 0 });
  await backUp(scene);
  assert.deepEqual(concernsOf(scene, "gone"), []);
  take(scene, name);
  await backUp(scene);
  await backUp(scene);
  assert.deepEqual(concernsOf(scene, "gone"), [
    `the receipt "${name}" of a proof is gone from "replays", and no policy removed it`,
  ]);
  assert.deepEqual((await acceptGone(scene.context, { ...me, backup: id })).destinations, ["replays"]);
  assert.notEqual(scene.context.catalog.backup("capsule", id), null, "only the receipt was accepted");
  assert.deepEqual(concernsOf(scene, "gone"), []);
});

test("a receipt that was removed is told by the run of its own database, whichever of the job's looks first", async () => {
  const scene = await openMemoryScene();
  const [id] = await backUp(scene);
  const name = `${id}.proof-20261123T010000Z.json`;
  storeOf(scene).files.set(name, { bytes: Buffer.from("{}"), modifiedMs: 0 });
  await backUp(scene);
  take(scene, name);
  const sizes = new Map([...storeOf(scene).files].map(([file, { bytes }]) => [file, bytes.length]));
  const survey = {
    destination: "replays",
    destinationId: "another run's",
    sizes,
    heldIds: new Set<string>(),
  };
  noteGone(scene.context, { job: "capsule", survey, rows: [] });
  await backUp(scene);
  assert.match(concernsOf(scene, "gone").join(), new RegExp(`the receipt "${name}"`));
});

test("what policy removes with its receipts is not told", async () => {
  const scene = keepingLast(await openMemoryScene(), 1);
  const [id] = await backUp(scene);
  const name = `${id}.proof-20261123T010000Z.json`;
  storeOf(scene).files.set(name, { bytes: Buffer.from("{}"), modifiedMs: 0 });
  await prune(scene.context, { jobs: [], dryRun: false, yes: true, signal: noSignal });
  for (let night = 0; night < 3; night += 1) await backUp(scene);
  assert.equal(storeOf(scene).files.has(name), false);
  assert.deepEqual(concernsOf(scene, "gone"), []);
});

test("of two destinations the one that lost its copy is named; that is accepted for it alone", async () => {
  const scene = await openMemoryScene({ destinations: ["one", "two"] });
  const [id] = await backUp(scene);
  take(scene, id, "two");
  await backUp(scene);
  assert.deepEqual(concernsOf(scene, "gone"), [`"${id}" is gone from "two", and no policy removed it`]);
  await acceptGone(scene.context, { ...me, backup: id });
  const copies = scene.context.catalog.backup("capsule", id)?.copies ?? [];
  assert.deepEqual(
    copies.map(({ destination }) => destination),
    ["one"],
  );
  assert.deepEqual(scene.context.catalog.pruned("capsule", null), [], "the other copy stands");
});

test("a backup of which files still lie there cannot be accepted as gone, and keeps them", async () => {
  const scene = await openMemoryScene();
  const [id] = await backUp(scene);
  take(scene, `${id}.manifest.json`);
  await backUp(scene);
  assert.equal(concernsOf(scene, "gone").length, 1);
  await assert.rejects(acceptGone(scene.context, { ...me, backup: id }), {
    code: "usage.refused",
    message: new RegExp(`"${id}.zip" still there`),
  });
  assert.ok(storeOf(scene).files.has(`${id}.zip`));
  await assert.rejects(acceptGone(scene.context, { ...me, backup: "nothing" }), {
    code: "usage.unknown-backup",
  });
});

test("a pruning that is refused each night is told until one goes through, by hand or by itself", async () => {
  const scene = await openMemoryScene();
  for (let night = 0; night < 6; night += 1) await backUp(scene);
  const strict = keepingLast(scene, 2);
  for (let night = 0; night < 2; night += 1) await backUp(strict);
  assert.deepEqual(concernsOf(scene, "pruning"), [
    'nothing is pruned at "replays": more than half would go at once',
  ]);
  await prune(strict.context, { jobs: [], dryRun: true, yes: false, signal: noSignal });
  assert.equal(concernsOf(scene, "pruning").length, 1, "a look is no word");
  await prune(strict.context, { jobs: [], dryRun: false, yes: true, signal: noSignal });
  assert.deepEqual(concernsOf(scene, "pruning"), []);
  for (let night = 0; night < 4; night += 1) await backUp(scene);
  await backUp(strict);
  assert.equal(concernsOf(scene, "pruning").length, 1);
  await backUp(keepingLast(scene, 5));
  assert.deepEqual(concernsOf(scene, "pruning"), [], "the policy was changed to what was meant");
});

test("a receipt that was removed before any run had seen it is told, too", async () => {
  const scene = await openDumpScene();
  await proveOne(scene);
  take(scene, `${scene.id}.proof-`);
  await backUp(scene);
  const [job] = statusByCatalog(scene.context, jobNamed(scene.context, "database"));
  assert.deepEqual(
    job?.concerns.map(({ kind, message }) => [kind, message.includes(`"${scene.id}.proof-`)]),
    [["gone", true]],
  );
});
