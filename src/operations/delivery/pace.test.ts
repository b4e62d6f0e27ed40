import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { createHandClock } from "../../../tests/fakes/hand-clock.ts";
import { createMemoryDestination } from "../../../tests/fakes/memory-destination.ts";
import { temporaryDirectory } from "../../../tests/servers/cleanup.ts";
import type { Destination, StagedFile } from "../../destinations/destination.ts";
import type { StorageTraits } from "../../domain/copies/storage-traits.ts";
import { createDelivery, type Delivery, type DeliveryOptions } from "./delivery.ts";

const mib = 1024 * 1024;
const bytes = randomBytes(12 * mib);
const away = { kind: "s3", isOffSite: true, medium: "s3" } as const;

interface Opening extends Partial<DeliveryOptions> {
  readonly destinations: readonly Destination[];
}

function open({ destinations, ...given }: Opening): Delivery & { readonly work: string } {
  const workPath = temporaryDirectory("pace");
  const ready = destinations.map((destination) => ({ destination, id: destination.name }));
  const delivery = createDelivery(ready, {
    runId: "run-1",
    workPath,
    spoolBytes: mib,
    expectedBytes: null,
    clock: createHandClock(),
    stallMs: null,
    signal: new AbortController().signal,
    ...given,
  });
  return { ...delivery, work: workPath };
}

/** Settles when every byte has left the source: when the snapshot could go. `passed` counts what was taken. */
async function send(delivery: Delivery) {
  let passed = 0;
  const left = Promise.withResolvers<void>();
  const fan = await delivery.openFile("a.sql", (done) => {
    passed = done;
  });
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024);
    left.resolve();
  }
  const stored = pipeline(Readable.from(chunks(), { objectMode: false }), fan.sink);
  stored.catch(() => undefined); // whoever waits for it is told
  return { left: left.promise, stored, passedBytes: () => passed };
}

/** Takes nothing until it is opened, as a server that has stopped to answer. */
function gated(name: string, traits: Partial<StorageTraits> = away) {
  const inner = createMemoryDestination({ name, traits });
  const gate = Promise.withResolvers<void>();
  const slow = (staged: StagedFile): StagedFile => ({
    ...staged,
    sink: new Writable({
      write: (chunk, _encoding, done) => void gate.promise.then(() => staged.sink.write(chunk, () => done())),
      final: (done) => void staged.sink.end(() => done()),
    }),
  });
  const stage: Destination["stage"] = async (file, runId) => slow(await inner.stage(file, runId));
  return { destination: { ...inner, stage }, open: gate.resolve };
}

/** Lets everything go on until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

async function storedAt(delivery: Delivery, name: string): Promise<string> {
  const share = delivery.shares.find(({ destination }) => destination.name === name);
  await share?.end();
  const staged = share?.branches.get("a.sql")?.staged;
  assert.ok(staged);
  const chunks = await (await staged.readBack()).stream.toArray();
  return createHash("sha256").update(Buffer.concat(chunks)).digest("hex");
}

const sha256 = createHash("sha256").update(bytes).digest("hex");

test("with destinations elsewhere only, the source is over before any network has taken a byte", async () => {
  const one = gated("one");
  const delivery = open({ destinations: [one.destination], expectedBytes: 32 * mib });
  const sent = await send(delivery);
  await sent.left;
  assert.equal(delivery.shares[0]?.failure(), null);
  one.open();
  await sent.stored;
  assert.equal(await storedAt(delivery, "one"), sha256);
  assert.deepEqual(delivery.heldUpBy(), []);
  assert.deepEqual(readdirSync(delivery.work), []);
});

test("beyond the estimate the source waits, loses no byte, and it is told for whom it waited", async () => {
  const one = gated("one");
  const delivery = open({ destinations: [one.destination], expectedBytes: 2 * mib });
  const sent = await send(delivery);
  await until(() => delivery.heldUpBy().length > 0);
  assert.ok(sent.passedBytes() < 11 * mib, `${sent.passedBytes()} bytes were taken`);
  assert.equal(delivery.shares[0]?.failure(), null, "the last destination is not dropped for being slow");
  one.open();
  await sent.stored;
  assert.equal(await storedAt(delivery, "one"), sha256);
  assert.deepEqual(delivery.heldUpBy(), ["one"]);
});

test("a spool that cannot be made costs the last destination nothing but time", async () => {
  const one = gated("one");
  const delivery = open({ destinations: [one.destination], workPath: "/dev/null/nowhere" });
  const sent = await send(delivery);
  await until(() => delivery.heldUpBy().length > 0);
  assert.ok(sent.passedBytes() < 10 * mib);
  one.open();
  await sent.stored;
  assert.equal(await storedAt(delivery, "one"), sha256);
});

test("a destination elsewhere that stands still does not make one on this machine spill, however quick the source", async () => {
  const slow = gated("slow");
  const near = createMemoryDestination({ name: "near" });
  const delivery = open({ destinations: [near, slow.destination] });
  const sent = await send(delivery);
  await sent.stored;
  assert.equal(await storedAt(delivery, "near"), sha256);
  assert.equal(delivery.shares[1]?.failure()?.code, "destination.lagging");
  assert.deepEqual(await slow.destination.listStaged(), []);
});

test("a destination on this machine sets the pace also while another one stands still", async () => {
  const near = gated("near", {});
  const slow = gated("slow");
  const delivery = open({ destinations: [near.destination, slow.destination], spoolBytes: 64 * mib });
  const sent = await send(delivery);
  await until(() => sent.passedBytes() > 8 * mib);
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(sent.passedBytes() < 10 * mib, "the source waits for the disk");
  near.open();
  await sent.stored;
  assert.equal(await storedAt(delivery, "near"), sha256);
  slow.open();
  assert.equal(await storedAt(delivery, "slow"), sha256);
});

test("what takes no byte for the stall limit drops out, and the timers are over with the stream", async () => {
  const clock = createHandClock();
  const slow = gated("slow");
  const near = createMemoryDestination({ name: "near" });
  const delivery = open({
    destinations: [near, slow.destination],
    spoolBytes: 64 * mib,
    clock,
    stallMs: 60_000,
  });
  const sent = await send(delivery);
  await sent.stored;
  clock.advance(59_000);
  assert.equal(delivery.shares[1]?.failure(), null);
  clock.advance(2_000);
  await delivery.shares[1]?.end();
  const failure = delivery.shares[1]?.failure();
  assert.equal(failure?.code, "destination.lagging");
  assert.match(failure?.message ?? "", /no byte for 60 s/);
  assert.equal(await storedAt(delivery, "near"), sha256);
  clock.advance(3_600_000);
  assert.equal(delivery.shares[0]?.failure(), null, "who has finished cannot stall");
  assert.deepEqual(readdirSync(delivery.work), []);
});
