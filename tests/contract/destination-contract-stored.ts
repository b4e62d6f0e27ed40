import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Promising } from "./destination-contract.ts";
import { hasCode, hash, hashOf, runId, stageBytes } from "./destination-steps.ts";

/** Of files under their final names. */
export function describeStoredFiles(promise: Promising): void {
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
    assert.equal(await destination.remove("nothing"), "gone");
    await assert.rejects(async () => destination.open("nothing"), hasCode("destination.not-found"));
    await assert.rejects(async () => destination.read("nothing"), hasCode("destination.not-found"));
  });
  promise("a removed file is gone, and its name is free again", async ({ destination }) => {
    await destination.put("a", Buffer.from("1"), runId);
    assert.equal(await destination.remove("a"), "removed");
    assert.equal(await destination.stat("a"), null);
    await destination.put("a", Buffer.from("2"), runId);
    assert.equal((await destination.read("a")).toString(), "2");
  });
  promise("read refuses what is larger than it may hold", async ({ destination }) => {
    await destination.put("a", Buffer.alloc(100), runId);
    await assert.rejects(async () => destination.read("a", 99), hasCode("destination.io"));
    assert.equal((await destination.read("a", 100)).length, 100);
  });
  promise("after close it can be used again", async ({ destination }) => {
    await destination.put("a", Buffer.from("1"), runId);
    await destination.close();
    await destination.close();
    assert.equal((await destination.read("a")).toString(), "1");
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

/** Of checksums.txt, where there is one. */
export function describeChecksums(promise: Promising): void {
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
