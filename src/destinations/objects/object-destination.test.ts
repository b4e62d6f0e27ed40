import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { contentOf, hasCode, namesOf, runId, stageBytes } from "../../../tests/contract/destination-steps.ts";
import type { StoreStep } from "../../../tests/fakes/memory-object-store.ts";
import { createMemoryObjectDestination } from "../../../tests/fakes/object-scene.ts";
import { Failure } from "../../domain/failure.ts";

const partBytes = 4096;
const broken = () =>
  new Failure("destination.unreachable", "Cannot ask: ECONNRESET", { hint: "This is a test." });

/** Throws once at this step. */
function once(at: StoreStep, failure: () => Failure = broken) {
  let isLeft = true;
  return (step: StoreStep) => {
    if (step !== at || !isLeft) return;
    isLeft = false;
    throw failure();
  };
}

for (const [step, size] of [
  ["put", 10],
  ["complete", 3 * partBytes + 1],
] as const) {
  test(`the answer to ${step} was lost: what stands there is ours, so it is stored`, async () => {
    const { destination } = createMemoryObjectDestination({ after: once(step) }, { partBytes });
    const bytes = randomBytes(size);
    const staged = await stageBytes(destination, "a.sql", bytes);
    assert.deepEqual(await contentOf(await staged.readBack()), bytes);
    await staged.publish();
  });

  test(`the question of ${step} was lost: nothing is called stored, and nothing is left`, async () => {
    const { destination, kept } = createMemoryObjectDestination({ before: once(step) }, { partBytes });
    await assert.rejects(
      stageBytes(destination, "a.sql", randomBytes(size)),
      hasCode("destination.unreachable"),
    );
    assert.deepEqual([kept.objects.size, kept.uploads.size], [0, 0]);
  });

  test(`${step} is told that the name is taken, by ourselves, and the object shows late`, async () => {
    let hidden = 3;
    const taken = () =>
      new Failure("destination.exists", "Cannot store: PreconditionFailed", { hint: "A test." });
    const { destination } = createMemoryObjectDestination(
      { after: once(step, taken), hides: (at, key) => at === "head" && key === "a.sql" && hidden-- > 0 },
      { partBytes },
    );
    await (await stageBytes(destination, "a.sql", randomBytes(size))).publish();
  });

  test(`another's object of the same size is never taken for ours by ${step}`, async () => {
    const bytes = randomBytes(size);
    const first = createMemoryObjectDestination({}, { partBytes });
    await first.destination.put("a.sql", randomBytes(size), runId);
    const { destination } = createMemoryObjectDestination({ kept: first.kept }, { partBytes });
    await assert.rejects(stageBytes(destination, "a.sql", bytes), hasCode("destination.exists"));
    assert.notDeepEqual(await destination.read("a.sql"), bytes);
  });
}

test("a part that fails ends the file although nothing more is written, and its upload is removed", async () => {
  const { destination, kept } = createMemoryObjectDestination({ before: once("part") }, { partBytes });
  const staged = await destination.stage("a.sql", runId);
  const failed = new Promise((resolve) => staged.sink.once("error", resolve));
  staged.sink.write(randomBytes(3 * partBytes));
  const failure = await failed;
  assert.ok(failure instanceof Failure && failure.code === "destination.unreachable");
  await staged.discard();
  assert.equal(kept.uploads.size, 0);
});

test("no more parts are under way than may be, and bytes that wait are not written over", async () => {
  let underWay = 0;
  let most = 0;
  const before = async (step: StoreStep) => {
    if (step !== "part") return;
    underWay += 1;
    most = Math.max(most, underWay);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    underWay -= 1;
  };
  const { destination } = createMemoryObjectDestination({ before }, { partBytes, concurrency: 2 });
  const bytes = randomBytes(20 * partBytes + 5);
  const pieces = Array.from({ length: 100 }, (_, index) => bytes.subarray(index * 900, (index + 1) * 900));
  const staged = await destination.stage("a.sql", runId);
  await pipeline(Readable.from(pieces, { objectMode: false }), staged.sink);
  assert.equal(most, 2);
  assert.deepEqual(await contentOf(await staged.readBack()), bytes.subarray(0, 90_000));
});

test("a file that needs more parts than there are is refused before anything has its name", async () => {
  const { destination, kept } = createMemoryObjectDestination({ limits: { maxParts: 3 } }, { partBytes });
  const bytes = randomBytes(3 * partBytes + 1);
  await assert.rejects(stageBytes(destination, "a.sql", bytes), hasCode("destination.too-large"));
  assert.deepEqual([kept.objects.size, kept.uploads.size], [0, 0]);
});

test("a list that lags behind costs no backup: the manifest is asked for before anything is removed", async () => {
  const { destination, kept } = createMemoryObjectDestination();
  await (await stageBytes(destination, "a.sql", Buffer.from("data"))).publish();
  await destination.put("a.manifest.json", Buffer.from("{}"), runId);
  const hides = (step: string, key: string) => step === "list" && key === "a.manifest.json";
  const later = createMemoryObjectDestination({ kept, hides }).destination;
  const [left] = await later.listStaged();
  assert.equal(left?.name, "a.sql", "the lagging list makes it look left over");
  assert.ok(left);
  assert.equal(await later.discardStaged(left), false);
  assert.equal(await later.resume("a.sql", runId), null);
  assert.equal((await later.read("a.sql")).toString(), "data");
});

test("a leftover whose name another run has taken since is not removed in its place", async () => {
  const { destination, kept } = createMemoryObjectDestination();
  await stageBytes(destination, "a.sql", Buffer.from("old"));
  const later = createMemoryObjectDestination({ kept }).destination;
  const [left] = await later.listStaged();
  assert.ok(left);
  kept.objects.delete("a.sql");
  await stageBytes(createMemoryObjectDestination({ kept }).destination, "a.sql", Buffer.from("new"));
  assert.equal(await later.discardStaged(left), false);
  assert.equal((await later.read("a.sql")).toString(), "new");
});

test("what was overwritten between upload and publication is not published", async () => {
  const { destination, kept } = createMemoryObjectDestination({ honoursConditions: false });
  const staged = await stageBytes(destination, "a.sql", Buffer.from("ours"));
  kept.objects.set("a.sql", { bytes: Buffer.from("theirs"), metadata: {}, modifiedMs: 0 });
  await assert.rejects(staged.publish(), hasCode("destination.exists"));
  await staged.discard();
  assert.equal((await destination.read("a.sql")).toString(), "theirs");
});

test("a store that overwrites is told of, its names are looked up, and looking alone writes nothing", async () => {
  const steps: StoreStep[] = [];
  const before = (step: StoreStep) => void steps.push(step);
  const { destination, kept } = createMemoryObjectDestination({ honoursConditions: false, before });
  const id = await destination.initialise();
  steps.length = 0;
  assert.equal((await destination.look()).id, id);
  assert.deepEqual(steps, ["get"]);
  assert.match((await destination.ready()).warnings.join(), /ignores If-None-Match/);
  assert.equal((await destination.look()).id, id, "the sentinel was put again with its own bytes");
  await destination.put("a.sql", Buffer.from("first"), runId);
  await assert.rejects(
    destination.put("a.sql", Buffer.from("second"), "run2"),
    hasCode("destination.exists"),
  );
  const honest = createMemoryObjectDestination({ kept }).destination;
  assert.deepEqual((await honest.ready()).warnings, []);
});

test("what the storage keeps for now stands, and is listed as left over until it lets go", async () => {
  let isLocked = true;
  const { destination, kept } = createMemoryObjectDestination({ retains: () => isLocked });
  await (await stageBytes(destination, "a.sql", Buffer.from("x"))).discard();
  const later = createMemoryObjectDestination({ kept, retains: () => isLocked }).destination;
  assert.equal(await later.remove("a.sql"), "retained");
  const [left] = await later.listStaged();
  assert.ok(left);
  await assert.rejects(later.discardStaged(left), hasCode("destination.denied"));
  isLocked = false;
  assert.equal(await later.discardStaged(left), true);
  assert.deepEqual(await namesOf(later), []);
});

test("objects of other tools and folders below are never left over", async () => {
  const { destination, kept } = createMemoryObjectDestination();
  for (const key of ["theirs.sql", "folder/a.sql", ".hidden.sql"])
    kept.objects.set(key, { bytes: Buffer.from("x"), metadata: {}, modifiedMs: 0 });
  assert.deepEqual(await destination.listStaged(), []);
  assert.deepEqual(await namesOf(destination), ["theirs.sql"]);
});
