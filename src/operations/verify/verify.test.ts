import assert from "node:assert/strict";
import { test } from "node:test";
import { createFaultyDestination } from "../../../tests/fakes/faulty-destination.ts";
import {
  backUp,
  loseCatalog,
  type MemoryScene,
  namesOf,
  noSignal,
  onlyCopy,
  openMemoryScene,
  rot,
  storeOf,
  verifyAll,
  verifyOne,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import type { Destination } from "../../destinations/destination.ts";
import { Failure } from "../../domain/failure.ts";
import { verify } from "./verify.ts";

test("a look at sizes neither clears damage, nor raises a level, nor dates a check", async () => {
  const scene = await openMemoryScene();
  const [id] = await backUp(scene);
  const store = storeOf(scene);
  const born = onlyCopy(scene);
  assert.equal((await verifyOne(scene, "stored")).outcome, "ok");
  assert.deepEqual([onlyCopy(scene), namesOf(store, ".check-")], [born, []]);
  rot(store, `${id}.zip`);
  assert.equal((await verifyOne(scene)).exit, 4);
  const damaged = onlyCopy(scene);
  const receipts = namesOf(store, ".check-");
  const stored = await verifyOne(scene, "stored");
  assert.deepEqual([stored.outcome, stored.exit, stored.level], ["damaged", 4, "unknown"]);
  assert.match(stored.differences.join(), /--level hashed/);
  assert.deepEqual([onlyCopy(scene), namesOf(store, ".check-")], [damaged, receipts]);
  assert.equal(damaged.state, "damaged");
});

for (const foundAt of ["stored", "hashed", "read"] as const) {
  test(`damage that a check of level ${foundAt} found is cleared by one of that level`, async () => {
    const scene = await openMemoryScene();
    const [id] = await backUp(scene);
    const store = storeOf(scene);
    const zip = store.files.get(`${id}.zip`);
    assert.ok(zip);
    const { bytes } = zip;
    zip.bytes = bytes.subarray(1);
    assert.equal((await verifyOne(scene, foundAt)).outcome, "damaged");
    zip.bytes = bytes;
    for (const level of ["stored", "hashed", "read"] as const) {
      const isDeepEnough =
        ["stored", "hashed", "read"].indexOf(level) >= ["stored", "hashed", "read"].indexOf(foundAt);
      const report = await verifyOne(scene, level);
      assert.equal(report.outcome, isDeepEnough ? "ok" : "damaged", level);
    }
    assert.deepEqual([onlyCopy(scene).state, onlyCopy(scene).level], ["whole", "read"]);
    await loseCatalog(scene);
    assert.deepEqual([onlyCopy(scene).state, onlyCopy(scene).level], ["whole", "read"]);
  });
}

test("damage found in the very second of another check is not silenced by its receipt", async () => {
  const scene = await openMemoryScene();
  const [id] = await backUp(scene);
  const at = scene.context.clock.now();
  const still = { ...scene.context, clock: { ...scene.context.clock, now: () => at } };
  const options = { backups: [], level: "hashed", sinceMs: null, signal: noSignal } as const;
  assert.equal((await verify(still, options))[0]?.outcome, "ok");
  rot(storeOf(scene), `${id}.zip`);
  assert.equal((await verify(still, options))[0]?.outcome, "damaged");
  assert.equal(namesOf(storeOf(scene), ".check-").length, 1);
  await loseCatalog(scene);
  assert.equal(onlyCopy(scene).state, "damaged");
});

test("damage is not lost where no receipt can be written, not even by a rebuild", async () => {
  const scene = await openMemoryScene();
  const [id] = await backUp(scene);
  const readOnly = createReadOnly(scene, "replays");
  assert.deepEqual((await verifyOne(readOnly)).warnings.length, 1);
  const mend = rot(storeOf(scene), `${id}.zip`);
  const report = await verifyOne(readOnly);
  assert.deepEqual([report.outcome, report.exit, report.failure], ["damaged", 4, null]);
  assert.match(report.warnings.join(), /not beside the copy: .*read-only/);
  assert.deepEqual([onlyCopy(scene).state, onlyCopy(scene).level], ["damaged", "unknown"]);
  const { rebuildCatalog } = await import("../rebuild-catalog.ts");
  await rebuildCatalog(scene.context, noSignal);
  assert.equal(onlyCopy(scene).state, "damaged");
  mend();
  assert.equal((await verifyOne(readOnly, "hashed")).outcome, "damaged");
  assert.equal((await verifyOne(readOnly, "read")).outcome, "ok");
  assert.equal(onlyCopy(scene).state, "whole");
});

test("a manifest that is gone is remembered, until it is there again", async () => {
  const scene = await openMemoryScene();
  const [id] = await backUp(scene);
  const born = onlyCopy(scene);
  const { files } = storeOf(scene);
  const manifest = files.get(`${id}.manifest.json`);
  assert.ok(manifest);
  files.delete(`${id}.manifest.json`);
  const report = await verifyOne(scene);
  assert.deepEqual(
    [report.outcome, report.exit, report.failure?.code],
    ["damaged", 4, "backup.missing-file"],
  );
  assert.deepEqual([onlyCopy(scene).state, onlyCopy(scene).level], ["missing", "unknown"]);
  files.set(`${id}.manifest.json`, manifest);
  assert.equal((await verifyOne(scene, "stored")).outcome, "ok");
  assert.deepEqual([onlyCopy(scene).state, onlyCopy(scene).level], ["whole", born.level]);
});

test("a manifest that cannot be read is remembered, and its loss hides no rot", async () => {
  const scene = await openMemoryScene();
  const [id] = await backUp(scene);
  const store = storeOf(scene);
  const mend = rot(store, `${id}.manifest.json`, { at: 0 });
  assert.equal((await verifyOne(scene)).failure?.code, "backup.manifest");
  assert.deepEqual([onlyCopy(scene).state, onlyCopy(scene).failure?.code], ["damaged", "backup.manifest"]);
  mend();
  rot(store, `${id}.zip`);
  assert.equal((await verifyOne(scene)).outcome, "damaged");
  const again = rot(store, `${id}.manifest.json`, { at: 0 });
  await verifyOne(scene);
  again();
  assert.equal((await verifyOne(scene, "stored")).outcome, "damaged");
});

test("a destination that is not mounted has lost nothing: its copies could not be checked", async () => {
  const scene = await openMemoryScene({ destinations: ["replays", "far"] });
  const [id] = await backUp(scene);
  const before = scene.context.catalog.backups();
  const far = storeOf(scene, "far");
  far.id = null;
  far.files.clear();
  const [away, ok] = await verifyAll(scene, "stored");
  const reports = [away, ok].toSorted((a, b) => (a?.destination ?? "").localeCompare(b?.destination ?? ""));
  assert.deepEqual(
    reports.map((report) => [report?.backup, report?.destination, report?.outcome, report?.exit]),
    [
      [id, "far", "failed", 1],
      [id, "replays", "ok", 0],
    ],
  );
  assert.equal(reports[0]?.failure?.code, "destination.sentinel-missing");
  assert.deepEqual(scene.context.catalog.backups(), before);
});

test("another disk under the same name has not lost the copies of the first", async () => {
  const scene = await openMemoryScene();
  await backUp(scene);
  const before = onlyCopy(scene);
  const store = storeOf(scene);
  store.id = "another";
  store.files.clear();
  const report = await verifyOne(scene);
  assert.deepEqual([report.outcome, report.exit], ["failed", 1]);
  assert.equal(report.failure?.code, "destination.sentinel-foreign");
  assert.deepEqual(onlyCopy(scene), before);
});

test("with the catalog lost, a destination that is away is told of and not passed over", async () => {
  const scene = await openMemoryScene({ destinations: ["replays", "far"] });
  await backUp(scene);
  scene.context.catalog.forgetBackups();
  storeOf(scene, "far").id = null;
  const reports = await verifyAll(scene);
  assert.deepEqual(reports.map(({ destination, outcome }) => [destination, outcome]).toSorted(), [
    ["far", "failed"],
    ["replays", "ok"],
  ]);
});

test("a copy whose destination left the config keeps no other from being checked", async () => {
  const scene = await openMemoryScene({ destinations: ["replays", "far"] });
  const [id] = await backUp(scene);
  const destinations = new Map(scene.context.destinations);
  destinations.delete("far");
  const without = { ...scene, context: { ...scene.context, destinations } };
  const reports = await verifyAll(without);
  assert.deepEqual(reports.map(({ destination, outcome, exit }) => [destination, outcome, exit]).toSorted(), [
    ["far", "failed", 1],
    ["replays", "ok", 0],
  ]);
  const named = { backups: [id], level: "stored", sinceMs: null, signal: noSignal } as const;
  await assert.rejects(
    verify(without.context, named),
    (error) => error instanceof Failure && error.code === "usage.invalid-value",
  );
});

test("a copy that is being removed is not checked, also not because its manifest still stands", async () => {
  const scene = await openMemoryScene();
  await backUp(scene);
  scene.context.catalog.putCopy({ ...onlyCopy(scene), state: "removing" });
  assert.deepEqual(await verifyAll(scene), []);
  assert.equal(onlyCopy(scene).state, "removing");
});

for (const step of ["tombstone", "manifest", "rows"] as const) {
  test(`a prune that reaches its ${step} while the copy is read is not undone by the check`, async () => {
    const scene = await openMemoryScene();
    const [id] = await backUp(scene);
    const { catalog } = scene.context;
    const [inner] = scene.context.destinations.values();
    assert.ok(inner);
    const prune = (call: string) => {
      if (call !== `open ${id}.zip`) return;
      catalog.putCopy({ ...onlyCopy(scene), state: "removing" });
      if (step === "tombstone") return;
      storeOf(scene).files.delete(`${id}.manifest.json`);
      if (step === "manifest") return;
      catalog.removeCopy("capsule", id, "replays");
      catalog.removeBackupIfBare("capsule", id);
    };
    const racing = withMemoryDestination(scene, createFaultyDestination(inner, [], { onCall: prune }));
    assert.deepEqual(await verifyAll(racing), []);
    assert.deepEqual(
      catalog.backups().flatMap((row) => row.copies.map((copy) => copy.state)),
      step === "rows" ? [] : ["removing"],
    );
    assert.deepEqual(namesOf(storeOf(scene), ".check-"), []);
  });
}

test("a receipt that came along from another copy, or speaks of another manifest, is not believed", async () => {
  const scene = await openMemoryScene({ destinations: ["replays", "far"] });
  const [id] = await backUp(scene);
  rot(storeOf(scene, "far"), `${id}.zip`);
  await verifyAll(scene);
  const [damage] = namesOf(storeOf(scene, "far"), ".check-");
  assert.ok(damage);
  const replays = storeOf(scene);
  for (const name of namesOf(replays, ".check-")) replays.files.delete(name);
  const bytes = storeOf(scene, "far").files.get(damage)?.bytes.toString() ?? "";
  const ofOther = { bytes: Buffer.from(bytes), modifiedMs: 0 };
  replays.files.set(damage, ofOther);
  await loseCatalog(scene);
  const stateAt = (name: string) =>
    scene.context.catalog
      .backups()
      .flatMap((row) => row.copies)
      .find((copy) => copy.destination === name)?.state;
  assert.deepEqual([stateAt("replays"), stateAt("far")], ["whole", "damaged"]);
  ofOther.bytes = Buffer.from(
    bytes.replace("id-of-far", "id-of-replays").replace(/"manifestSha256": "./, '"manifestSha256": "_'),
  );
  await loseCatalog(scene);
  assert.deepEqual([stateAt("replays"), stateAt("far")], ["whole", "damaged"]);
});

/** As a read-only mount: nothing can be written or removed. */
function createReadOnly(scene: MemoryScene, name: string): MemoryScene {
  const inner = scene.context.destinations.get(name);
  assert.ok(inner);
  const refuse = () =>
    Promise.reject(new Failure("destination.not-writable", "Cannot write: read-only file system"));
  const destination: Destination = { ...inner, ready: refuse, put: refuse, stage: refuse, remove: refuse };
  return withMemoryDestination(scene, destination);
}
