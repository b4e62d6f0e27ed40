import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { constants, crc32, deflateRawSync } from "node:zlib";
import { decodeSpan, type EntrySpan } from "./decode-entries.ts";
import { decodeLarge } from "./decode-large.ts";
import { freshFolder } from "./testing/sample-tree.ts";

const content = Buffer.from("hello list ".repeat(40));
const head = deflateRawSync(content, { finishFlush: constants.Z_SYNC_FLUSH });
const sound = Buffer.concat([head, Buffer.from([3, 0])]);

function early(): Buffer {
  // The empty block before the end is marked as the last one: what follows is left over.
  const bytes = Buffer.from(sound);
  const marker = head.length - 5;
  bytes[marker] = (bytes[marker] ?? 0) ^ 0x20;
  return bytes;
}

for (const [title, packed, isSound] of [
  ["a sound stream of two pieces is decoded", sound, true],
  ["bytes after the end of the stream are damage", Buffer.concat([sound, Buffer.from("xyz")]), false],
  ["a stream that ends too early is damage, though its content is all there", early(), false],
  ["a stream cut short is damage", sound.subarray(0, -3), false],
] as const) {
  test(`${title}, in memory and streamed alike`, async (t) => {
    const path = join(freshFolder(t), "packed");
    writeFileSync(path, packed);
    const handle = await open(path);
    t.after(() => handle.close());
    const span: EntrySpan = {
      start: 0,
      compressedBytes: packed.length,
      sizeBytes: content.length,
      method: 8,
      crc32: crc32(content),
    };
    const whole = decodeSpan(handle.fd, span);
    const streamed = Array.fromAsync(decodeLarge(handle, span));
    if (isSound) {
      assert.deepEqual(whole, content);
      assert.deepEqual(Buffer.concat(await streamed), content);
    } else {
      assert.equal(typeof whole, "string");
      await assert.rejects(streamed);
    }
  });
}
