import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, test } from "node:test";
import type { Destination, OpenedFile } from "../../src/destinations/destination.ts";
import { contentOf, hasCode, runId, stageBytes } from "./destination-steps.ts";

/** One empty storage, made for one test. */
export interface ContractSubject {
  readonly destination: Destination;
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

type Promising = (sentence: string, check: (subject: ContractSubject) => Promise<void>) => void;

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
    async ({ destination }) => {
      const bytes = randomBytes(3 * 1024 * 1024 + 17);
      const staged = await stageBytes(destination, "a.sql", bytes);
      assert.deepEqual(await contentOf(await staged.readBack()), bytes);
      assert.deepEqual(await namesOf(destination), []);
      assert.equal(await destination.stat("a.sql"), null);
      await staged.publish();
      await destination.sync();
      assert.deepEqual(await namesOf(destination), ["a.sql"]);
      assert.deepEqual(await destination.read("a.sql"), bytes);
      assert.deepEqual(await destination.listStaged(), []);
    },
  );
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
  promise("a published file is never overwritten: not by publish, not by put", async ({ destination }) => {
    await destination.put("a.sql", Buffer.from("first"), runId);
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
    await staged.discard();
    assert.deepEqual(await namesOf(later), ["a.partial-b.sql"]);
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
  promise("two runs may stage the same name; the first to publish has it", async ({ destination }) => {
    const one = await stageBytes(destination, "a.sql", Buffer.from("one"), "run1");
    const two = await stageBytes(destination, "a.sql", Buffer.from("two"), "run2");
    await two.publish();
    await assert.rejects(one.publish(), hasCode("destination.exists"));
    await one.discard();
    assert.equal((await destination.read("a.sql")).toString(), "two");
  });
}

function describeStoredFiles(promise: Promising): void {
  promise(
    "files are listed by name in the order of code units, with their sizes",
    async ({ destination }) => {
      for (const name of ["b", "a b", "B", "ä", "a"]) await destination.put(name, Buffer.from(name), runId);
      const found = (await destination.list()).map(({ name, sizeBytes }) => [name, sizeBytes]);
      assert.deepEqual(found, [
        ["B", 1],
        ["a", 1],
        ["a b", 3],
        ["b", 1],
        ["ä", 2],
      ]);
    },
  );
  promise("a missing file is null, false, or not found", async ({ destination }) => {
    assert.equal(await destination.stat("nothing"), null);
    assert.equal(await destination.remove("nothing"), false);
    await assert.rejects(async () => destination.open("nothing"), hasCode("destination.not-found"));
    await assert.rejects(async () => destination.read("nothing"), hasCode("destination.not-found"));
  });
  promise("a removed file is gone, and its name is free again", async ({ destination }) => {
    await destination.put("a", Buffer.from("1"), runId);
    assert.equal(await destination.remove("a"), true);
    assert.equal(await destination.stat("a"), null);
    await destination.put("a", Buffer.from("2"), runId);
    assert.equal((await destination.read("a")).toString(), "2");
  });
  promise("read refuses what is larger than it may hold", async ({ destination }) => {
    await destination.put("a", Buffer.alloc(100), runId);
    await assert.rejects(async () => destination.read("a", 99), hasCode("destination.io"));
    assert.equal((await destination.read("a", 100)).length, 100);
  });
  promise("a stream that is given up half-way leaves the file as it was", async ({ destination }) => {
    const bytes = randomBytes(5 * 1024 * 1024);
    await (await stageBytes(destination, "a", bytes)).publish();
    const { stream } = await destination.open("a");
    for await (const _chunk of stream) break;
    assert.ok(stream.destroyed);
    assert.equal(await hashOf(await destination.open("a", { direct: true })), hash(bytes));
  });
}

function describeChecksums(promise: Promising): void {
  const line = (path: string, digit: string) => ({ path, sha256: digit.repeat(64) });
  promise("checksums keep their order, are added once and dropped by name", async (subject) => {
    const { checksums } = subject.destination;
    if (checksums === null) return;
    assert.deepEqual(await checksums.entries(), []);
    await checksums.add([line("b", "1"), line("a\nb", "2")]);
    await checksums.add([line("b", "1"), line("c d", "3")]);
    assert.deepEqual(await subject.reopen().checksums?.entries(), [
      line("b", "1"),
      line("a\nb", "2"),
      line("c d", "3"),
    ]);
    await checksums.drop(["b", "unknown"]);
    assert.deepEqual(await checksums.entries(), [line("a\nb", "2"), line("c d", "3")]);
  });
  promise(
    "an entry changes only by acceptance, and a refused addition adds nothing at all",
    async ({ destination }) => {
      const { checksums } = destination;
      if (checksums === null) return;
      await checksums.add([line("a", "1")]);
      await assert.rejects(checksums.add([line("new", "9"), line("a", "2")]), hasCode("checksums.mismatch"));
      assert.deepEqual(await checksums.entries(), [line("a", "1")]);
      await assert.rejects(checksums.replace(line("unknown", "2")), hasCode("checksums.unknown-file"));
      await checksums.replace(line("a", "2"));
      assert.deepEqual(await checksums.entries(), [line("a", "2")]);
    },
  );
  promise("changes made at the same time all arrive", async (subject) => {
    const { checksums } = subject.destination;
    if (checksums === null) return;
    const other = subject.reopen().checksums;
    assert.ok(other);
    const names = Array.from({ length: 8 }, (_, index) => `f${index}`);
    await Promise.all(names.map((name, index) => (index % 2 ? checksums : other).add([line(name, "1")])));
    assert.deepEqual((await checksums.entries()).map((entry) => entry.path).sort(), names);
  });
}

async function namesOf(destination: Destination): Promise<readonly string[]> {
  return (await destination.list()).map((file) => file.name);
}

async function hashOf(opened: OpenedFile): Promise<string> {
  return hash(await contentOf(opened));
}

function hash(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
