import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, test } from "node:test";
import { createFaultyDestination } from "../../../tests/fakes/faulty-destination.ts";
import { createHandClock } from "../../../tests/fakes/hand-clock.ts";
import { createMemoryDestination } from "../../../tests/fakes/memory-destination.ts";
import type { Destination, StagedFile } from "../../destinations/destination.ts";
import { Failure } from "../../domain/failure.ts";
import { createDelivery, type Delivery } from "./delivery.ts";

const work = mkdtempSync(join(tmpdir(), "delivery-"));
after(() => rmSync(work, { recursive: true, force: true }));

function deliver(destinations: readonly Destination[], spoolBytes = 64 * 1024 * 1024): Delivery {
  const ready = destinations.map((destination) => ({ destination, id: destination.name }));
  return createDelivery(ready, {
    runId: `run-${randomBytes(4).toString("hex")}`,
    workPath: work,
    spoolBytes,
    expectedBytes: null,
    clock: createHandClock(),
    stallMs: null,
    signal: new AbortController().signal,
  });
}

async function send(delivery: Delivery, bytes: Buffer, chunkBytes = 64 * 1024) {
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
  const fan = await delivery.openFile("a.sql", () => {});
  await pipeline(Readable.from(chunks, { objectMode: false }), fan.sink);
  return fan.passed();
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function storedBytes(delivery: Delivery, name: string): Promise<Buffer> {
  const staged = delivery.shares
    .find((share) => share.destination.name === name)
    ?.branches.get("a.sql")?.staged;
  if (!staged) throw new Error(`nothing staged at ${name}`);
  return Buffer.concat(await (await staged.readBack()).stream.toArray());
}

/** A destination whose sink takes nothing until it is opened. */
function gated(name: string): { readonly destination: Destination; open(): void } {
  const inner = createMemoryDestination({ name });
  const gate = Promise.withResolvers<void>();
  const slow = (staged: StagedFile): StagedFile => {
    const sink = new Writable({
      write: (chunk, _encoding, done) => void gate.promise.then(() => staged.sink.write(chunk, () => done())),
      final: (done) => void staged.sink.end(() => done()),
    });
    return { ...staged, sink };
  };
  return {
    destination: { ...inner, stage: async (file, runId) => slow(await inner.stage(file, runId)) },
    open: gate.resolve,
  };
}

test("every destination gets the same bytes, and the hash is of those", async () => {
  const bytes = randomBytes(3_000_001);
  const delivery = deliver([
    createMemoryDestination({ name: "one" }),
    createMemoryDestination({ name: "two" }),
  ]);
  const passed = await send(delivery, bytes);
  await Promise.all(delivery.shares.map((share) => share.end()));
  assert.deepEqual(passed, { sizeBytes: bytes.length, sha256: sha256(bytes) });
  for (const name of ["one", "two"]) assert.equal(sha256(await storedBytes(delivery, name)), passed.sha256);
});

test("a destination that stands still spills to the spool and does not hold up the other", async () => {
  const bytes = randomBytes(24 * 1024 * 1024);
  const slow = gated("slow");
  const delivery = deliver([createMemoryDestination({ name: "quick" }), slow.destination]);
  const passed = await send(delivery, bytes);
  const [quick, late] = delivery.shares;
  assert.equal(quick?.isWhole(), true);
  assert.equal(late?.isWhole(), false);
  assert.equal(late?.failure(), null);
  assert.equal(readdirSync(work).filter((name) => name.endsWith(".spool")).length, 1);
  slow.open();
  await late?.end();
  assert.equal(late?.isWhole(), true);
  assert.equal(sha256(await storedBytes(delivery, "slow")), passed.sha256);
  assert.deepEqual(readdirSync(work), []);
});

test("a destination further behind than the spool drops out as lagging, and leaves nothing staged", async () => {
  const slow = gated("slow");
  const delivery = deliver([createMemoryDestination({ name: "quick" }), slow.destination], 1024 * 1024);
  await send(delivery, randomBytes(24 * 1024 * 1024));
  const late = delivery.shares[1];
  assert.equal(late?.failure()?.code, "destination.lagging");
  assert.deepEqual(await slow.destination.listStaged(), []);
  assert.deepEqual(readdirSync(work), []);
});

test("a destination that fails in the middle does not harm the other", async () => {
  const full = createMemoryDestination({ name: "full", capacityBytes: 1_000_000 });
  const delivery = deliver([full, createMemoryDestination({ name: "good" })]);
  const bytes = randomBytes(5_000_000);
  const passed = await send(delivery, bytes);
  await Promise.all(delivery.shares.map((share) => share.end()));
  assert.equal(delivery.shares[0]?.failure()?.code, "destination.full");
  assert.deepEqual(await full.listStaged(), []);
  assert.equal(sha256(await storedBytes(delivery, "good")), passed.sha256);
});

test("a destination that cannot sync at the end does not count as whole", async () => {
  const broken = createFaultyDestination(createMemoryDestination({ name: "broken" }), [
    { method: "sink.finish", call: 1, kind: "fail" },
  ]);
  const delivery = deliver([broken, createMemoryDestination({ name: "good" })]);
  await send(delivery, randomBytes(100_000));
  await Promise.all(delivery.shares.map((share) => share.end()));
  assert.equal(delivery.shares[0]?.isWhole(), false);
  assert.equal(delivery.shares[0]?.failure()?.code, "destination.io");
  assert.equal(delivery.shares[1]?.isWhole(), true);
});

test("when every destination fails, the stream fails with what they said", async () => {
  const delivery = deliver([
    createMemoryDestination({ name: "one", capacityBytes: 1000 }),
    createMemoryDestination({ name: "two", capacityBytes: 1000 }),
  ]);
  await assert.rejects(send(delivery, randomBytes(1_000_000)), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, "run.no-copies");
    return true;
  });
});

test("with a single destination its own failure is the run's", async () => {
  const delivery = deliver([createMemoryDestination({ name: "only", capacityBytes: 1000 })]);
  await assert.rejects(send(delivery, randomBytes(1_000_000)), { code: "destination.full" });
});

test("a destination that could not start the file no longer takes part in later ones", async () => {
  const broken = createFaultyDestination(createMemoryDestination({ name: "broken" }), [
    { method: "stage", call: 1, kind: "fail" },
  ]);
  const delivery = deliver([broken, createMemoryDestination({ name: "good" })]);
  await send(delivery, randomBytes(10));
  await delivery.putFile("b.sql", Buffer.from("globals"));
  assert.deepEqual(
    broken.calls.filter((call) => call.startsWith("stage")),
    ["stage a.sql"],
  );
  assert.equal(delivery.shares[1]?.branches.size, 2);
});

test("an empty file is delivered as an empty file", async () => {
  const delivery = deliver([createMemoryDestination({ name: "one" })]);
  const passed = await delivery.putFile("a.sql", Buffer.alloc(0));
  assert.equal(passed.sizeBytes, 0);
  assert.equal((await storedBytes(delivery, "one")).length, 0);
});
