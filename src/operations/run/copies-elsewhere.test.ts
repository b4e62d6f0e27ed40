import assert from "node:assert/strict";
import { test } from "node:test";
import { createFaultyDestination } from "../../../tests/fakes/faulty-destination.ts";
import { createMemoryDestination } from "../../../tests/fakes/memory-destination.ts";
import {
  loseCatalog,
  type MemoryScene,
  namesOf,
  noSignal,
  openMemoryScene,
  storeOf,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import { capsuleJob } from "../../../tests/fakes/real-context.ts";
import type { ReadBackPolicy, StorageTraits } from "../../domain/copies/storage-traits.ts";
import { run } from "./run.ts";

interface Wish {
  readonly required?: number;
  readonly near?: Partial<StorageTraits>;
  readonly readBack: ReadBackPolicy;
}

/** A job to "far", which is named first and lies elsewhere, and to "near". */
async function open({ required = 1, near = {}, readBack }: Wish): Promise<MemoryScene> {
  const to = ["far", "near"];
  const scene = await openMemoryScene({
    destinations: to,
    jobs: (root) => [capsuleJob(root, { to, requiredCopies: required })],
  });
  const now = scene.context.clock.now;
  const far = { kind: "s3", isOffSite: true, medium: "s3", readBack } as const;
  return [
    createMemoryDestination({ name: "far", store: storeOf(scene, "far"), now, traits: far }),
    createMemoryDestination({ name: "near", store: storeOf(scene, "near"), now, traits: near }),
  ].reduce(withMemoryDestination, scene);
}

async function runOnce({ context }: MemoryScene) {
  const [report] = await run(context, { jobs: [], all: true, waitMs: 0, slot: null, signal: noSignal });
  assert.ok(report);
  const copies = new Map(report.copies.map((copy) => [copy.destination, copy]));
  return { report, far: copies.get("far"), near: copies.get("near") };
}

function levelsByCatalog({ context }: MemoryScene): readonly string[] {
  return context.catalog
    .backups()
    .flatMap(({ copies }) => copies.map((copy) => `${copy.destination} ${copy.level}`));
}

for (const readBack of ["sample", "head"] as const) {
  test(`a copy of which not all was read (${readBack}) is stored, says so beside it, and does not count`, async () => {
    const scene = await open({ readBack, required: 2 });
    const { report, far, near } = await runOnce(scene);
    assert.deepEqual([near?.level, far?.level, far?.readBack], ["read", "stored", readBack]);
    assert.equal(report.outcome, "incomplete");
    assert.match(report.warnings.join(), /1 of 2 required copies/);
    const [receipt] = namesOf(storeOf(scene, "far"), ".check-");
    const text =
      storeOf(scene, "far")
        .files.get(receipt ?? "")
        ?.bytes.toString() ?? "";
    assert.match(text, new RegExp(`"level": "stored"[^]*"readBack": "${readBack}"`));
    await loseCatalog(scene);
    assert.deepEqual(levelsByCatalog(scene), ["far stored", "near read"]);
    storeOf(scene, "far").files.delete(receipt ?? "");
    await loseCatalog(scene);
    assert.deepEqual(levelsByCatalog(scene), ["far stored", "near read"], "also without its receipt");
  });
}

test("the copy on this machine is the one that is decoded, whichever is named first", async () => {
  const scene = await open({ readBack: "full" });
  const inner = scene.context.destinations.get("far");
  assert.ok(inner);
  const counted = createFaultyDestination(inner, []);
  await runOnce(withMemoryDestination(scene, counted));
  assert.equal(counted.calls.filter((call) => call.startsWith("readBack")).length, 1, "hashed once, no more");
});

test("where nobody is to be read in full, one is all the same", async () => {
  const { far, near, report } = await runOnce(await open({ readBack: "head", near: { readBack: "head" } }));
  assert.deepEqual([far?.level, near?.level, report.outcome], ["read", "stored", "complete"]);
});

test("a receipt that says stored stands before the manifest does", async () => {
  const scene = await open({ readBack: "head" });
  const inner = scene.context.destinations.get("far");
  assert.ok(inner);
  const counted = createFaultyDestination(inner, []);
  await runOnce(withMemoryDestination(scene, counted));
  const puts = counted.calls.filter((call) => call.startsWith("put "));
  assert.match(puts.at(-1) ?? "", /manifest\.json$/);
  assert.match(puts.at(-2) ?? "", /\.check-/);
});
