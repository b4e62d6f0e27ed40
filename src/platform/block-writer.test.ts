import assert from "node:assert/strict";
import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import fc from "fast-check";
import { createBlockWriter } from "./block-writer.ts";

const mebibyte = 1024 * 1024;

/** A file in memory whose kernel misbehaves as told. */
class FakeFile {
  readonly log: string[] = [];
  content = Buffer.alloc(0);
  takesAtMost = Number.POSITIVE_INFINITY;
  failAt: Readonly<Record<string, number>> = {};

  async writev(pieces: readonly Buffer[]): Promise<{ readonly bytesWritten: number }> {
    this.#call("writev");
    const taken = Buffer.concat(pieces).subarray(0, this.takesAtMost);
    this.content = Buffer.concat([this.content, taken]);
    return { bytesWritten: taken.length };
  }

  async sync(): Promise<void> {
    this.#call("sync");
  }

  async close(): Promise<void> {
    this.#call("close");
  }

  #call(name: string): void {
    this.log.push(name);
    if (this.log.filter((each) => each === name).length === this.failAt[name]) {
      throw Object.assign(new Error(`${name} failed`), { code: "EIO" });
    }
  }
}

function writerTo(file: FakeFile) {
  const handle = file as unknown as FileHandle; // it has every method that the writer calls
  return createBlockWriter({
    file: handle,
    translate: async (error) => new Error("translated", { cause: error }),
  });
}

test("a kernel that takes a few bytes at a time loses none and doubles none", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.integer({ min: 1, max: 17 }),
      async (pieces, takesAtMost) => {
        const file = Object.assign(new FakeFile(), { takesAtMost });
        await pipeline(Readable.from(pieces.map(Buffer.from)), writerTo(file));
        assert.deepEqual(file.content, Buffer.concat(pieces));
      },
    ),
    { numRuns: 50 },
  );
});

test("small chunks are gathered into large writes", async () => {
  const file = new FakeFile();
  const pieces = Array.from({ length: 64 }, (_, index) => Buffer.alloc(65_536, index));
  await pipeline(Readable.from(pieces), writerTo(file));
  assert.deepEqual(file.content, Buffer.concat(pieces));
  assert.ok(file.log.filter((call) => call === "writev").length <= 5, file.log.join());
});

test("the last calls are sync and close, and finish is told after the sync", async () => {
  const file = new FakeFile();
  const writer = writerTo(file);
  writer.end(Buffer.from("x"));
  await once(writer, "finish");
  assert.ok(file.log.includes("sync"));
  await once(writer, "close");
  assert.deepEqual(file.log, ["writev", "sync", "close"]);
});

for (const [call, sizeBytes] of [
  ["writev", 1],
  ["writev", 3 * mebibyte],
  ["sync", 1],
] as const) {
  test(`a failing ${call} under ${sizeBytes} bytes fails the stream, and the file is closed`, async () => {
    const file = Object.assign(new FakeFile(), { failAt: { [call]: 1 } });
    file.writev = async (pieces) => {
      file.log.push("writev");
      if (call === "writev") throw Object.assign(new Error("no"), { code: "EIO" });
      return { bytesWritten: pieces.reduce((sum, piece) => sum + piece.length, 0) };
    };
    const chunk = Buffer.alloc(Math.min(sizeBytes, mebibyte));
    const chunks = Array.from({ length: sizeBytes / chunk.length }, () => chunk);
    await assert.rejects(pipeline(Readable.from(chunks), writerTo(file)), { message: "translated" });
    assert.equal(file.log.at(-1), "close");
  });
}

test("giving up in the middle closes the file after the write under way", async () => {
  const file = new FakeFile();
  const writer = writerTo(file);
  writer.write(Buffer.alloc(2 * mebibyte));
  writer.destroy();
  await once(writer, "close");
  assert.equal(file.log.at(-1), "close");
  assert.ok(!file.log.includes("sync"));
});
