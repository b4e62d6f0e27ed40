import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { createMemoryDestination } from "../../../tests/fakes/memory-destination.ts";
import { chooseBlocks } from "../../domain/copies/choose-blocks.ts";
import { blockBytes, createBlockHashes } from "./block-hashes.ts";
import { checkStored, type StoredAs } from "./check-stored.ts";

const bytes = randomBytes(2 * blockBytes + 5);

const passed = { sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
const blocks = blocksOf(bytes);

function blocksOf(written: Buffer): StoredAs["blocks"] {
  const hashes = createBlockHashes();
  for (let at = 0; at < written.length; at += 999_999) hashes.update(written.subarray(at, at + 999_999));
  return hashes.end();
}

/** What a storage holds of a file that was written well. */
async function stored(held: Buffer): Promise<StoredAs> {
  const inner = createMemoryDestination();
  const file = await inner.stage("a.sql", "run-1");
  await new Promise<void>((resolve) => file.sink.end(held, resolve));
  return { file, passed, blocks };
}

async function look(held: Buffer, policy: "full" | "sample" | "head") {
  const signal = new AbortController().signal;
  let read = 0;
  const options = { policy, randomToken: () => "a0b1c2d3", signal, touch: () => (read += 1) };
  return checkStored([await stored(held)], options).then((how) => ({ how, read }));
}

function changedAt(at: number): Buffer {
  const rotten = Buffer.from(bytes);
  rotten.writeUInt8(rotten.readUInt8(at) ^ 1, at);
  return rotten;
}

test("each policy says how it looked, and only a size is asked for where only a size is wanted", async () => {
  assert.equal((await look(bytes, "full")).how, "direct");
  assert.equal((await look(bytes, "sample")).how, "sample");
  assert.deepEqual(await look(bytes, "head"), { how: "head", read: 0 });
});

for (const policy of ["full", "sample", "head"] as const) {
  test(`a file that was cut is found (${policy})`, () =>
    assert.rejects(look(bytes.subarray(0, -1), policy), { code: "destination.read-back" }));
}

for (const at of [0, bytes.length - 1]) {
  test(`a sample sees a change at byte ${at}`, () =>
    assert.rejects(look(changedAt(at), "sample"), { code: "destination.read-back", message: /bytes from/ }));
}

test("the first and the last block are always looked at, at most five, none twice, and all are there", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.array(fc.double({ min: 0, max: 0.999999, noNaN: true }), { minLength: 3, maxLength: 3 }),
      (count, drawn) => {
        const left = [...drawn];
        const chosen = chooseBlocks(count, () => left.shift() ?? 0);
        assert.deepEqual([chosen[0], chosen.at(-1)], [0, count - 1]);
        assert.ok(chosen.length <= 5 && new Set(chosen).size === chosen.length);
        assert.ok(chosen.every((index) => Number.isInteger(index) && index >= 0 && index < count));
      },
    ),
  );
  assert.deepEqual(
    chooseBlocks(0, () => 0),
    [],
  );
});
