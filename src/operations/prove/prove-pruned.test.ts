import assert from "node:assert/strict";
import { test } from "node:test";
import {
  backUp,
  type MemoryScene,
  namesOf,
  noSignal,
  onlyCopy,
  storeOf,
  verifyAll,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import { openDumpScene, proveAll, proveOne, receiptsOf } from "../../../tests/fakes/proof-scene.ts";
import type { Destination } from "../../destinations/destination.ts";
import { removeCopies } from "../prune/remove-copy.ts";

/** The same machine, where something comes between at the destination. */
function between(scene: MemoryScene, change: (inner: Destination) => Partial<Destination>): MemoryScene {
  const inner = scene.context.destinations.get("replays");
  assert.ok(inner);
  return withMemoryDestination(scene, { ...inner, ...change(inner) });
}

/** As another process does: what it shares with the proof is the catalog and the destination. */
async function pruneIt(scene: MemoryScene, id: string): Promise<void> {
  const [job] = scene.context.jobs;
  assert.ok(job?.kind === "postgres");
  const copies = [{ id, destination: "replays" }];
  const removals = await removeCopies(scene.context, job, { copies, signal: noSignal });
  assert.deepEqual(
    removals.map(({ failure }) => failure),
    [null],
  );
}

test("a copy that is removed while it is proven is not called into being again", async () => {
  const scene = await openDumpScene({
    dumpedBack: (text) => {
      const { catalog } = scene.context;
      catalog.putCopy({ ...onlyCopy(scene), state: "removing" });
      return text;
    },
  });
  const report = await proveOne(scene);
  assert.match(report.warnings.join(), /removed while it was proven/);
  assert.deepEqual([onlyCopy(scene).state, receiptsOf(scene)], ["removing", []]);
});

for (const part of [".json", ".minisig"]) {
  test(`a backup that is pruned just before its proof's ${part} is written leaves nothing behind, neither file nor row`, async () => {
    const scene = await openDumpScene();
    await scene.context.signatures.generate();
    const racing = between(scene, (inner) => ({
      async put(name, bytes, runId) {
        if (name.includes(".proof-") && name.endsWith(part)) await pruneIt(scene, scene.id);
        await inner.put(name, bytes, runId);
      },
    }));
    const report = await proveOne(racing);
    assert.deepEqual([report.outcome, report.level, report.receipt], ["proven", "unknown", null]);
    assert.match(report.warnings.join(), /removed while it was proven/);
    assert.deepEqual([namesOf(storeOf(scene), scene.id), scene.context.catalog.backups()], [[], []]);
  });
}

test("a receipt that is written while prune has listed the files and not yet removed the manifest goes with them", async () => {
  const scene = await openDumpScene();
  await proveOne(scene);
  const { files } = storeOf(scene);
  const [name = ""] = namesOf(storeOf(scene), ".proof-");
  const receipt = files.get(name);
  assert.ok(receipt && files.delete(name)); // its proof is about to write it
  const racing = between(scene, (inner) => ({
    async remove(gone) {
      if (gone.endsWith(".manifest.json")) files.set(name, receipt);
      return inner.remove(gone);
    },
  }));
  await pruneIt(racing, scene.id);
  assert.deepEqual([namesOf(storeOf(scene), scene.id), scene.context.catalog.backups()], [[], []]);
});

test("a backup that is pruned just before the receipt of a check is written leaves nothing behind either", async () => {
  const scene = await openDumpScene();
  const racing = between(scene, (inner) => ({
    async put(name, bytes, runId) {
      if (name.includes(".check-")) await pruneIt(scene, scene.id);
      await inner.put(name, bytes, runId);
    },
  }));
  await verifyAll(racing);
  assert.deepEqual([namesOf(storeOf(scene), scene.id), scene.context.catalog.backups()], [[], []]);
});

test("a backup whose files go while they are hashed is not called damaged, nor brought back into the catalog", async () => {
  const scene = await openDumpScene();
  const [newer] = await backUp(scene);
  const racing = between(scene, (inner) => ({
    async stat(name) {
      if (name === `${scene.id}.sql`) await pruneIt(scene, scene.id);
      return inner.stat(name);
    },
  }));
  const report = (await proveAll(racing)).find(({ backup }) => backup === scene.id);
  assert.deepEqual([report?.outcome, report?.failure?.code, report?.exit], ["failed", "proof.nothing", 1]);
  assert.match(report?.failure?.message ?? "", /removed while it was being proven/);
  assert.deepEqual(
    scene.context.catalog.backups().map(({ id }) => id),
    [newer],
  );
});

test("of many that are to be proven, one that is pruned before its turn is no damage", async () => {
  const scene = await openDumpScene();
  const [newer] = await backUp(scene);
  const onProof = ({ backup }: { readonly backup: string }) => {
    if (backup === newer) scene.context.catalog.putCopy({ ...olderCopy(), state: "removing" });
  };
  const olderCopy = () => {
    const [copy] = scene.context.catalog.backups().find(({ id }) => id === scene.id)?.copies ?? [];
    assert.ok(copy);
    return copy;
  };
  storeOf(scene).files.delete(`${scene.id}.manifest.json`);
  const reports = await proveAll(scene, { onProof });
  assert.deepEqual(
    reports.map(({ backup, exit, failure }) => [backup, exit, failure?.code]),
    [
      [newer, 0, undefined],
      [scene.id, 1, "proof.nothing"],
    ],
  );
});
