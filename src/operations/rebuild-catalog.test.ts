import assert from "node:assert/strict";
import { test } from "node:test";
import { createFaultyDestination } from "../../tests/fakes/faulty-destination.ts";
import {
  backUp,
  loseCatalog,
  namesOf,
  noSignal,
  onlyCopy,
  openMemoryScene,
  rot,
  storeOf,
  verifyAll,
  withMemoryDestination,
} from "../../tests/fakes/memory-scene.ts";
import { openDumpScene, proveOne } from "../../tests/fakes/proof-scene.ts";
import { capsuleJob } from "../../tests/fakes/real-context.ts";
import { Failure } from "../domain/failure.ts";
import type { FailureCode } from "../domain/failure-table.ts";
import { checkCatalog } from "./check-catalog.ts";
import { hold } from "./hold.ts";
import { rebuildCatalog } from "./rebuild-catalog.ts";
import { lockJob } from "./run/job-lock.ts";

const isFailure = (code: FailureCode) => (error: unknown) => error instanceof Failure && error.code === code;

test("levels, holds and damage survive the loss of the catalog", async () => {
  const scene = await openMemoryScene({ destinations: ["replays", "far"] });
  const { context } = scene;
  const [first] = await backUp(scene);
  const [second] = await backUp(scene);
  await hold(context, { backup: first, who: "operator", why: "before the move" });
  rot(storeOf(scene, "far"), `${second}.zip`);
  await verifyAll(scene, "read");
  const before = context.catalog.backups();
  const marks = [first, second].map((id) => context.catalog.marks("capsule", id));
  await loseCatalog(scene);
  const states = context.catalog.backups().flatMap((row) => row.copies.map(({ state }) => state));
  assert.deepEqual(states.toSorted(), ["damaged", "whole", "whole", "whole"]);
  const withoutWords = (rows: typeof before) =>
    rows.map((row) => ({
      ...row,
      copies: row.copies.map(({ failure, ...copy }) => ({ ...copy, failure: failure?.code ?? null })),
    }));
  assert.deepEqual(withoutWords(context.catalog.backups()), withoutWords(before));
  assert.deepEqual(
    [first, second].map((id) => context.catalog.marks("capsule", id)),
    marks,
  );
  assert.deepEqual(await checkCatalog(context, noSignal), []);
});

test("nothing is made anew while a job is at work, and no lock is left behind", async () => {
  const scene = await openMemoryScene({
    jobs: (root) => [capsuleJob(root), capsuleJob(root, { name: "other" })],
  });
  const { context } = scene;
  await backUp(scene);
  const before = context.catalog.backups();
  const wish = { runId: context.newRunId(), waitMs: 0, signal: noSignal };
  const lock = await lockJob(context, { ...wish, job: "other" });
  await assert.rejects(rebuildCatalog(context, noSignal), isFailure("run.busy"));
  assert.deepEqual(context.catalog.backups(), before);
  lock.release();
  await rebuildCatalog(context, noSignal);
  for (const job of ["capsule", "other"]) (await lockJob(context, { ...wish, job })).release();
});

test("no run can begin between the reading and the forgetting", async () => {
  const scene = await openMemoryScene();
  await backUp(scene);
  const [inner] = scene.context.destinations.values();
  assert.ok(inner);
  let tries = 0;
  const wish = { job: "capsule", runId: "another", waitMs: 0, signal: noSignal };
  const list = async () => {
    tries += 1;
    await assert.rejects(lockJob(scene.context, wish), isFailure("run.busy"));
    return inner.list();
  };
  await rebuildCatalog(withMemoryDestination(scene, { ...inner, list }).context, noSignal);
  assert.equal(tries, 1);
});

test("a removal that was begun is finished, not forgotten", async () => {
  const scene = await openMemoryScene();
  await backUp(scene);
  scene.context.catalog.putCopy({ ...onlyCopy(scene), state: "removing" });
  await rebuildCatalog(scene.context, noSignal);
  assert.deepEqual(scene.context.catalog.backups(), []);
  assert.deepEqual(namesOf(storeOf(scene), "capsule_"), []);
});

test("a removal that cannot be finished stays begun, whether its manifest still stands or not", async () => {
  for (const isManifestGone of [false, true]) {
    const scene = await openMemoryScene();
    const [id] = await backUp(scene);
    scene.context.catalog.putCopy({ ...onlyCopy(scene), state: "removing" });
    if (isManifestGone) storeOf(scene).files.delete(`${id}.manifest.json`);
    const [inner] = scene.context.destinations.values();
    assert.ok(inner);
    const faulty = createFaultyDestination(inner, [{ method: "remove", call: 1, kind: "fail" }]);
    await rebuildCatalog(withMemoryDestination(scene, faulty).context, noSignal);
    assert.deepEqual([onlyCopy(scene).state, faulty.pending()], ["removing", []]);
    await rebuildCatalog(scene.context, noSignal);
    assert.deepEqual(scene.context.catalog.backups(), []);
    assert.deepEqual(namesOf(storeOf(scene), "capsule_"), []);
  }
});

test("a destination that is away stops the rebuild and the check, and nothing is forgotten", async () => {
  const scene = await openMemoryScene({ destinations: ["replays", "far"] });
  await backUp(scene);
  const before = scene.context.catalog.backups();
  const far = storeOf(scene, "far");
  far.id = null;
  far.files.clear();
  const isMissing = isFailure("destination.sentinel-missing");
  await assert.rejects(rebuildCatalog(scene.context, noSignal), isMissing);
  await assert.rejects(checkCatalog(scene.context, noSignal), isMissing);
  assert.deepEqual(scene.context.catalog.backups(), before);
});

test("a manifest that was changed is told by the check of the catalog", async () => {
  const scene = await openMemoryScene();
  const [id] = await backUp(scene);
  const { files } = storeOf(scene);
  const manifest = files.get(`${id}.manifest.json`);
  assert.ok(manifest);
  const { bytes } = manifest;
  const told = async () => (await checkCatalog(scene.context, noSignal)).map(({ message }) => message);
  manifest.bytes = Buffer.from(bytes.toString().replace('"job": "capsule"', '"job": "another"'));
  assert.match((await told()).join("\n"), /for job "capsule".*of job "another"\n.*does not know it/s);
  manifest.bytes = Buffer.from(bytes.toString().replace('"warnings": []', '"warnings": ["x"]'));
  assert.deepEqual(await told(), ["its manifest is not the one that the catalog saw"]);
  manifest.bytes = Buffer.from("{");
  assert.match((await told()).join("\n"), /^Cannot .*manifest/);
  files.delete(`${id}.manifest.json`);
  assert.deepEqual(await told(), ["the catalog lists it, its manifest is gone"]);
});

test("equal names of two jobs do not hide each other, and holds are asked for once", async () => {
  const names = { nameTemplate: "nightly_{timestamp}" };
  const scene = await openMemoryScene({
    destinations: ["replays", "far"],
    jobs: (root) => [
      capsuleJob(root, { ...names, to: ["replays"] }),
      capsuleJob(root, { ...names, name: "other", to: ["far"] }),
    ],
  });
  const at = scene.context.clock.now();
  const still = { ...scene.context, clock: { ...scene.context.clock, now: () => at } };
  const [first, second] = await backUp({ ...scene, context: still });
  assert.equal(first, second);
  const [copy] = scene.context.catalog.backup("other", first)?.copies ?? [];
  assert.ok(copy);
  await hold(scene.context, { backup: `capsule/${first}`, who: "operator", why: "move" });
  let asked = 0;
  const catalog = {
    ...scene.context.catalog,
    marks: (job: string, id: string) => {
      asked += 1;
      return scene.context.catalog.marks(job, id);
    },
  };
  assert.deepEqual(await checkCatalog({ ...scene.context, catalog }, noSignal), []);
  assert.equal(asked, 1);
  catalog.putCopy({ ...copy, destination: "replays", destinationId: "id-of-replays" });
  assert.deepEqual(
    (await checkCatalog(scene.context, noSignal)).map(({ message, destination }) => [destination, message]),
    [["replays", 'the catalog lists it for job "other", its manifest there is of job "capsule"']],
  );
  const lost = (await verifyAll(scene)).filter(({ exit }) => exit === 4);
  assert.deepEqual(
    lost.map(({ job, destination }) => [job, destination]),
    [["other", "replays"]],
  );
});

test("the check of the catalog tells of files that a manifest names and nobody finds", async () => {
  const scene = await openMemoryScene({ destinations: ["replays", "far"] });
  const [id] = await backUp(scene);
  const far = storeOf(scene, "far");
  const zip = far.files.get(`${id}.zip`);
  assert.ok(zip);
  const { bytes } = zip;
  const told = async () =>
    (await checkCatalog(scene.context, noSignal)).map((one) => [one.destination, one.backup, one.message]);
  zip.bytes = bytes.subarray(1);
  assert.deepEqual(await told(), [["far", id, `"${id}.zip" has another size than its manifest says`]]);
  far.files.delete(`${id}.zip`);
  assert.deepEqual(await told(), [["far", id, `"${id}.zip" is missing`]]);
});

test("a rebuild tells of files whose manifest is gone, and not of files that other tools left", async () => {
  const scene = await openMemoryScene();
  const [id] = await backUp(scene);
  const { files } = storeOf(scene);
  const [theirs] = [...files.values()];
  assert.ok(theirs);
  files.set("theirs.zip.sha256", { ...theirs, bytes: Buffer.from(`${"a".repeat(64)}  theirs.zip\n`) });
  files.set("notes.sha256", { ...theirs, bytes: Buffer.from("no checksum\n") });
  assert.deepEqual((await rebuildCatalog(scene.context, noSignal)).problems, []);
  files.delete(`${id}.manifest.json`);
  const { backups, problems } = await rebuildCatalog(scene.context, noSignal);
  assert.deepEqual([backups, problems.map(({ backup }) => backup)], [0, [id]]);
  assert.match(problems[0]?.message ?? "", /has files but no manifest: not a backup; .* adopt/);
});

test("a rebuild names the receipts of proofs that it does not believe, and why", async () => {
  const scene = await openDumpScene();
  await scene.context.signatures.generate();
  const [signed] = await backUp(scene);
  await proveOne(scene, { all: false, backups: [signed] });
  assert.deepEqual((await rebuildCatalog(scene.context, noSignal)).warnings, []);
  const { files } = storeOf(scene);
  const receipt = [...files.keys()].find((name) => /\.proof-.*json$/.test(name)) ?? assert.fail();
  files.delete(`${receipt}.minisig`);
  const cut = receipt.replace("Z.json", "1Z.json").replace(/\d(\dZ)/, "$1");
  files.set(cut, { bytes: Buffer.from("{"), modifiedMs: 0 });
  const { problems, warnings } = await rebuildCatalog(scene.context, noSignal);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    warnings.map(({ backup, message }) => `${backup}: ${message}`).toSorted(),
    [
      `${signed}: the receipt "${cut}" of a proof is not believed: it cannot be read`,
      `${signed}: the receipt "${receipt}" of a proof is not believed: no trusted key has signed it`,
    ].toSorted(),
  );
  assert.equal(scene.context.catalog.backup("database", signed)?.provenAt, null);
});
