import assert from "node:assert/strict";
import { test } from "node:test";
import { createFaultyDestination } from "../../../tests/fakes/faulty-destination.ts";
import { noRule } from "../../../tests/fakes/keep-policy.ts";
import { createMemoryDestination } from "../../../tests/fakes/memory-destination.ts";
import {
  backUp,
  loseCatalog,
  type MemoryScene,
  namesOf,
  noSignal,
  openMemoryScene,
  rot,
  storeOf,
  verifyAll,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import { capsuleJob } from "../../../tests/fakes/real-context.ts";
import type { StorageTraits } from "../../domain/copies/storage-traits.ts";
import type { CapsuleJob } from "../../domain/jobs/job.ts";
import type { CopyMade, CopyOptions } from "../copy-requests.ts";
import { hold } from "../hold.ts";
import { prune } from "../prune/prune.ts";
import { copy } from "./copy.ts";

const wish: CopyOptions = { backups: [], job: null, to: null, from: null, dryRun: false, signal: noSignal };

/** Backups were made while the job knew fewer destinations; now it goes to all of these. */
async function grown(
  places: readonly string[],
  given: Partial<CapsuleJob> = {},
  traits: Partial<StorageTraits> = {},
): Promise<MemoryScene> {
  const scene = await openMemoryScene({ destinations: places.slice(0, -1) });
  await backUp(scene);
  const target = createMemoryDestination({ name: places.at(-1) ?? "", traits, now: scene.context.clock.now });
  await target.initialise();
  const stores = new Map(scene.stores).set(target.name, target.store);
  const grown = withMemoryDestination({ ...scene, stores }, target);
  const jobs = scene.context.jobs.map((job) => ({
    ...job,
    ...capsuleJob("", { ...given, to: places }),
    source: sourceOf(job),
  }));
  return { ...grown, context: { ...grown.context, jobs } };
}

function sourceOf(job: MemoryScene["context"]["jobs"][number]): CapsuleJob["source"] {
  assert.equal(job.kind, "capsule");
  return (job as CapsuleJob).source; // looked at just above
}

async function only(scene: MemoryScene, options: Partial<CopyOptions> = {}): Promise<CopyMade> {
  const made = await copy(scene.context, { ...wish, ...options });
  assert.equal(made.length, 1, JSON.stringify(made));
  const [first] = made;
  assert.ok(first);
  return first;
}

function copiesOf({ context }: MemoryScene) {
  return context.catalog.backups().flatMap((row) => row.copies);
}

/** The same bytes, but for receipts, which speak of one copy. */
function assertSameFiles(scene: MemoryScene, a: string, b: string): void {
  const files = (name: string) =>
    [...storeOf(scene, name).files]
      .filter(([file]) => !/RESTORE|\.check-|^\./.test(file))
      .map(([file, { bytes }]) => `${file} ${bytes.toString("base64")}`)
      .toSorted();
  assert.deepEqual(files(b), files(a));
}

test("a missing copy has the same bytes as the others, its receipt, and is found without the catalog", async () => {
  const scene = await grown(["near", "far"]);
  const [planned] = await copy(scene.context, { ...wish, dryRun: true });
  assert.deepEqual([planned?.outcome, planned?.from, planned?.destination], ["planned", "near", "far"]);
  assert.deepEqual(namesOf(storeOf(scene, "far"), "capsule"), [], "a dry run writes nothing");
  const made = await only(scene);
  assert.deepEqual([made.outcome, made.level, made.exit], ["copied", "read", 0]);
  assertSameFiles(scene, "near", "far");
  assert.equal(namesOf(storeOf(scene, "far"), ".check-").length, 1);
  assert.deepEqual(await copy(scene.context, wish), [], "nothing lacks any more");
  await loseCatalog(scene);
  assert.deepEqual(
    copiesOf(scene).map(({ destination, level }) => [destination, level]),
    [
      ["far", "read"],
      ["near", "read"],
    ],
  );
});

test("what protects a backup lies beside the new copy too, and holds it there", async () => {
  const scene = await grown(["near", "far"]);
  const [row] = scene.context.catalog.backups();
  assert.ok(row);
  await hold(scene.context, { backup: row.id, who: "ann", why: "for the audit" });
  await only(scene);
  assertSameFiles(scene, "near", "far");
  assert.ok(storeOf(scene, "far").files.has(`${row.id}.hold`));
  await loseCatalog(scene);
  const marks = scene.context.catalog
    .marks(row.job, row.id)
    .map(({ destination, who }) => `${who} ${destination}`);
  assert.deepEqual(marks.toSorted(), ["ann far", "ann near"]);
});

test("a source with other bytes is refused and told, and the next one taken", async () => {
  const scene = await grown(["one", "two", "far"]);
  const [zip] = namesOf(storeOf(scene, "one"), ".zip");
  assert.ok(zip);
  rot(storeOf(scene, "one"), zip);
  const made = await only(scene);
  assert.deepEqual([made.outcome, made.from, made.exit], ["copied", "two", 4]);
  assert.match(made.warnings.join(), /from "one": it has other bytes/);
  assertSameFiles(scene, "two", "far");
});

test("with nothing but damaged sources no byte gets a name, and it says why", async () => {
  const scene = await grown(["near", "far"]);
  const [zip] = namesOf(storeOf(scene, "near"), ".zip");
  assert.ok(zip);
  rot(storeOf(scene, "near"), zip);
  const made = await only(scene);
  assert.deepEqual([made.outcome, made.failure?.code, made.exit], ["failed", "backup.mismatch", 4]);
  assert.deepEqual(namesOf(storeOf(scene, "far"), "replay"), []);
  assert.equal(storeOf(scene, "far").staged.size, 0);
});

test("what policy removed at a destination, or would remove at once, is not brought up again", async () => {
  const scene = await openMemoryScene({
    destinations: ["near", "far"],
    jobs: (root) => [
      capsuleJob(root, {
        to: ["near", "far"],
        keep: noRule,
        keepAt: { far: { ...noRule, last: 1, minimum: 1 } },
      }),
    ],
  });
  const signal = noSignal;
  for (let night = 0; night < 3; night += 1) await backUp(scene);
  await prune(scene.context, { jobs: [], dryRun: false, yes: true, signal });
  assert.equal(copiesOf(scene).filter(({ destination }) => destination === "far").length, 1);
  assert.deepEqual(await copy(scene.context, wish), []);
  // The rule is loosened: what was removed by policy stays away, also when it is asked for.
  const jobs = scene.context.jobs.map((job) => ({ ...job, keepAt: {} }));
  const loose = { ...scene.context, jobs };
  assert.deepEqual(await copy(loose, wish), []);
  const [, , oldest] = scene.context.catalog.backups();
  assert.ok(oldest);
  const [skipped] = await copy(loose, { ...wish, backups: [oldest.id] });
  assert.deepEqual([skipped?.outcome, skipped?.exit], ["skipped", 3]);
  assert.match(skipped?.warnings.join() ?? "", /policy has removed it there/);
});

for (const readBack of ["sample", "head"] as const) {
  test(`a copy of which not all was read (${readBack}) is stored, also for who reads only what lies there, until it is verified`, async () => {
    const scene = await grown(["near", "far"], {}, { readBack });
    const made = await only(scene);
    assert.deepEqual([made.level, made.readBack], ["stored", readBack]);
    await loseCatalog(scene);
    const far = () => copiesOf(scene).find(({ destination }) => destination === "far");
    assert.deepEqual([far()?.level, far()?.readBack], ["stored", readBack]);
    await verifyAll(scene);
    assert.equal(far()?.level, "hashed");
  });
}

test("a destination that breaks leaves nothing half-made, and the next try heals", async () => {
  for (const [method, among] of [
    ["sink.finish", /./],
    ["readBack", /./],
    ["publish", /./],
    ["put", /manifest/],
    ["put", /sha256/],
  ] as const) {
    const scene = await grown(["near", "far"]);
    const inner = scene.context.destinations.get("far");
    assert.ok(inner);
    const faults = [1, 2].map((call) => ({ method, kind: "fail", call, among }) as const);
    const broken = withMemoryDestination(scene, createFaultyDestination(inner, faults));
    const made = await only(broken);
    assert.deepEqual([made.outcome, made.failure?.code], ["failed", "destination.io"], method);
    assert.deepEqual(namesOf(storeOf(scene, "far"), "replay"), [], method);
    assert.equal(storeOf(scene, "far").staged.size, 0, method);
    assert.equal((await only(scene)).outcome, "copied");
    assertSameFiles(scene, "near", "far");
  }
});

test("a run brings up what earlier ones could not", async () => {
  const scene = await grown(["near", "far"]);
  await backUp(scene);
  const ids = (name: string) => namesOf(storeOf(scene, name), ".manifest.json");
  assert.equal(ids("near").length, 2);
  assert.deepEqual(ids("far").toSorted(), ids("near").toSorted());
});
