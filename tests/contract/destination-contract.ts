import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, test } from "node:test";
import type { Destination } from "../../src/destinations/destination.ts";
import { describeChecksums, describeStoredFiles } from "./destination-contract-stored.ts";
import { contentOf, hasCode, hash, hashOf, namesOf, runId, stageBytes } from "./destination-steps.ts";

/** One empty storage, made for one test. */
export interface ContractSubject {
  readonly destination: Destination;
  /** False: an object store, where a file has its final name as soon as its last byte is taken. Default: true. */
  readonly canRename?: boolean;
  /** False: parts of a file that nobody finished cannot be listed or removed; the storage drops them. Default: true. */
  readonly listsUnfinished?: boolean;
  /** The same storage as another process would see it after ours has died. */
  reopen(): Destination;
  close(): Promise<void>;
}

/** What every destination promises (destination.ts). Each driver runs all of it. */
export function describeDestinationContract(title: string, create: () => Promise<ContractSubject>): void {
  const promise = (sentence: string, check: (subject: ContractSubject) => Promise<void>) =>
    test(sentence, async () => {
      const subject = await create();
      try {
        await check(subject);
      } finally {
        await subject.close();
      }
    });
  describe(`${title} keeps the contract:`, () => {
    describeReadiness(promise);
    describeStaging(promise);
    describeLeftovers(promise);
    describeStoredFiles(promise);
    describeChecksums(promise);
  });
}

/** Adds one promise to the suite. */
export type Promising = (sentence: string, check: (subject: ContractSubject) => Promise<void>) => void;

function describeReadiness(promise: Promising): void {
  promise("without a sentinel it refuses to be ready, and says what to run", async ({ destination }) => {
    await assert.rejects(destination.ready(), hasCode("destination.sentinel-missing"));
  });
  promise(
    "initialise is idempotent, its id is what ready tells, and it survives a restart",
    async (subject) => {
      const id = await subject.destination.initialise();
      assert.equal(await subject.destination.initialise(), id);
      assert.equal((await subject.reopen().ready()).id, id);
      assert.equal(await subject.reopen().initialise(), id);
    },
  );
  promise("ready leaves nothing behind", async ({ destination }) => {
    await destination.initialise();
    const before = await destination.list();
    await destination.ready();
    assert.deepEqual(await destination.list(), before);
    assert.deepEqual(await destination.listStaged(), []);
  });
}

function describeStaging(promise: Promising): void {
  promise(
    "staged bytes are read back equal, and have no name until they are published",
    async ({ destination, canRename = true }) => {
      const bytes = randomBytes(3 * 1024 * 1024 + 17);
      const staged = await stageBytes(destination, "a.sql", bytes);
      assert.deepEqual(await contentOf(await staged.readBack()), bytes);
      assert.equal(await staged.storedBytes(), bytes.length);
      assert.deepEqual(await namesOf(destination), canRename ? [] : ["a.sql"]);
      assert.equal((await destination.stat("a.sql")) === null, canRename);
      await staged.publish();
      await destination.sync();
      assert.deepEqual(await namesOf(destination), ["a.sql"]);
      assert.deepEqual(await destination.read("a.sql"), bytes);
      assert.deepEqual(await destination.listStaged(), []);
    },
  );
  promise("a part of a file is read, staged and published", async ({ destination }) => {
    const bytes = randomBytes(3 * 1024 * 1024 + 17);
    const staged = await stageBytes(destination, "a.sql", bytes);
    const range = { start: 2_000_003, length: 70_001 };
    const part = bytes.subarray(range.start, range.start + range.length);
    assert.deepEqual(await contentOf(await staged.readBack(range)), part);
    await staged.publish();
    assert.deepEqual(await contentOf(await destination.open("a.sql", { range })), part);
    const end = await destination.open("a.sql", { range: { start: bytes.length - 5, length: 100 } });
    assert.deepEqual(await contentOf(end), bytes.subarray(-5));
  });
  promise("an empty file is a file", async ({ destination }) => {
    const staged = await stageBytes(destination, "empty", Buffer.alloc(0));
    await staged.publish();
    assert.deepEqual(await contentOf(await destination.open("empty", { direct: true })), Buffer.alloc(0));
    assert.equal((await destination.stat("empty"))?.sizeBytes, 0);
  });
  promise("thousands of small and some large pieces arrive whole and in order", async ({ destination }) => {
    const pieces = Array.from({ length: 4000 }, (_, index) =>
      Buffer.alloc(index % 50 === 0 ? 70_000 : index % 7, index),
    );
    const staged = await destination.stage("pieces", runId);
    await pipeline(Readable.from(pieces, { objectMode: false }), staged.sink);
    assert.equal(await hashOf(await staged.readBack()), hash(Buffer.concat(pieces)));
  });
  promise("an unfinished file cannot be published", async ({ destination }) => {
    const staged = await destination.stage("a.sql", runId);
    staged.sink.write(Buffer.from("half of"));
    await assert.rejects(staged.publish(), hasCode("destination.io"));
    await staged.discard();
    assert.deepEqual(await namesOf(destination), []);
  });
  promise("a published file is never overwritten: not by publish, not by put", async (subject) => {
    const { destination, canRename = true } = subject;
    await destination.put("a.sql", Buffer.from("first"), runId);
    if (!canRename) return refusesTakenName(destination);
    const second = await stageBytes(destination, "a.sql", Buffer.from("second"));
    await assert.rejects(second.publish(), hasCode("destination.exists"));
    await assert.rejects(
      destination.put("a.sql", Buffer.from("third"), "run3"),
      hasCode("destination.exists"),
    );
    assert.equal((await destination.read("a.sql")).toString(), "first");
    assert.deepEqual(
      await contentOf(await second.readBack()),
      Buffer.from("second"),
      "the staged bytes stay",
    );
    assert.deepEqual(
      (await destination.listStaged()).map((each) => each.name),
      ["a.sql"],
      "put leaves nothing staged",
    );
    await second.discard();
  });
  promise(
    "publish and discard may be called again, and discard after publish keeps the file",
    async ({ destination }) => {
      const staged = await stageBytes(destination, "a.sql", Buffer.from("x"));
      await staged.publish();
      await staged.publish();
      await staged.discard();
      await staged.discard();
      assert.equal((await destination.read("a.sql")).toString(), "x");
    },
  );
  promise("a discarded file cannot be published any more", async ({ destination }) => {
    const staged = await stageBytes(destination, "a.sql", Buffer.from("x"));
    await staged.discard();
    await assert.rejects(staged.publish(), hasCode("destination.not-found"));
    assert.deepEqual(await namesOf(destination), []);
  });
  promise("names that would hide a file or leave the folder are refused", async ({ destination }) => {
    for (const name of ["", ".hidden", "..", "a/b", "../a", "a\0b"]) {
      await assert.rejects(
        async () => destination.stage(name, runId),
        hasCode("usage.invalid-value"),
        JSON.stringify(name),
      );
      await assert.rejects(
        async () => destination.put(name, Buffer.from("x"), runId),
        hasCode("usage.invalid-value"),
      );
    }
    await assert.rejects(async () => destination.stage("a", "run/../x"), hasCode("usage.invalid-value"));
  });
}

function describeLeftovers(promise: Promising): void {
  promise("what a dead run left is listed with its run, and can be published", async (subject) => {
    const { canRename = true } = subject;
    const staged = await stageBytes(subject.destination, "a.partial-b.sql", Buffer.from("whole"));
    const later = subject.reopen();
    const left = await later.listStaged();
    assert.deepEqual(
      left.map(({ name, runId: run, sizeBytes }) => ({ name, run, sizeBytes })),
      [{ name: "a.partial-b.sql", run: runId, sizeBytes: 5 }],
    );
    const resumed = await later.resume("a.partial-b.sql", runId);
    assert.ok(resumed);
    assert.deepEqual(await contentOf(await resumed.readBack()), Buffer.from("whole"));
    await resumed.publish();
    assert.equal((await later.read("a.partial-b.sql")).toString(), "whole");
    assert.equal(await later.resume("a.partial-b.sql", runId), null);
    // Where publishing leaves no trace, only the manifest tells the dead run that its file is no leftover.
    if (!canRename) await later.put("a.partial-b.manifest.json", Buffer.from("{}"), runId);
    await staged.discard();
    assert.ok((await namesOf(later)).includes("a.partial-b.sql"));
  });
  promise("a leftover can be discarded, and resuming what is not there is null", async (subject) => {
    const staged = await subject.destination.stage("a.sql", runId);
    staged.sink.destroy();
    const later = subject.reopen();
    await (await later.resume("a.sql", runId))?.discard();
    assert.deepEqual(await later.listStaged(), []);
    assert.equal(await later.resume("a.sql", runId), null);
    assert.equal(await later.resume("b.sql", runId), null);
  });
  promise("what was begun and never finished is listed, and can be removed", async (subject) => {
    const staged = await subject.destination.stage("a.sql", runId, 40 * 1024 * 1024);
    staged.sink.on("error", () => undefined); // its upload is about to be taken away
    await new Promise((resolve) => staged.sink.write(randomBytes(20 * 1024 * 1024), resolve));
    const later = subject.reopen();
    const [left, ...others] = await later.listStaged();
    const isListed = subject.listsUnfinished !== false;
    assert.deepEqual([left?.name, others], [isListed ? "a.sql" : undefined, []]);
    assert.ok(!left || left.runId === runId || left.runId === null);
    assert.equal(left ? await later.discardStaged(left) : isListed, isListed);
    assert.equal(left ? await later.discardStaged(left) : false, false);
    assert.deepEqual([await later.listStaged(), await namesOf(later)], [[], []]);
    staged.sink.destroy();
  });
  promise("what was published meanwhile is no leftover any more", async ({ destination }) => {
    const staged = await stageBytes(destination, "a.sql", Buffer.from("x"));
    const [left] = await destination.listStaged();
    await staged.publish();
    await destination.put("a.manifest.json", Buffer.from("{}"), runId);
    assert.deepEqual(await destination.listStaged(), []);
    assert.ok(left);
    assert.equal(await destination.discardStaged(left), false);
    assert.equal((await destination.read("a.sql")).toString(), "x");
  });
  promise("two runs may stage the same name; the first to publish has it", async (subject) => {
    const { destination, canRename = true } = subject;
    if (!canRename) return;
    const one = await stageBytes(destination, "a.sql", Buffer.from("one"), "run1");
    const two = await stageBytes(destination, "a.sql", Buffer.from("two"), "run2");
    await two.publish();
    await assert.rejects(one.publish(), hasCode("destination.exists"));
    await one.discard();
    assert.equal((await destination.read("a.sql")).toString(), "two");
  });
}

/** Where names are taken by the last byte: the sink that comes second is told so. */
async function refusesTakenName(destination: Destination): Promise<void> {
  const second = await destination.stage("a.sql", "run2");
  second.sink.on("error", () => undefined);
  const bytes = Readable.from([Buffer.from("second")], { objectMode: false });
  await assert.rejects(pipeline(bytes, second.sink), hasCode("destination.exists"));
  await second.discard();
  await assert.rejects(destination.put("a.sql", Buffer.from("third"), "run3"), hasCode("destination.exists"));
  assert.equal((await destination.read("a.sql")).toString(), "first");
}
