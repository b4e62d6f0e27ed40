import assert from "node:assert/strict";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { readToEnd } from "./read-to-end.ts";
import { createTap } from "./tap.ts";

const chunks = Array.from({ length: 50 }, (_, index) => Buffer.alloc(100_000, index));
const source = () => Readable.from(chunks, { objectMode: false });

function sinkOf(): { readonly sink: Writable; bytes(): number } {
  let bytes = 0;
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      setImmediate(done);
    },
  });
  return { sink, bytes: () => bytes };
}

test("both get every byte, and the stream ends after the reader", async () => {
  const { sink, bytes } = sinkOf();
  let isRead = false;
  const tap = createTap(async (stream) => {
    const all = await readToEnd(stream);
    await new Promise((resolve) => setImmediate(resolve));
    isRead = true;
    return all;
  });
  await pipeline(source(), tap.through, sink);
  assert.ok(isRead);
  assert.ok((await tap.found).equals(Buffer.concat(chunks)));
  assert.equal(bytes(), 5_000_000);
});

test("a reader that fails fails the stream with its own words, before the end is passed on", async () => {
  const { sink } = sinkOf();
  let isEnded = false;
  sink.once("finish", () => {
    isEnded = true;
  });
  const tap = createTap(async (stream) => {
    for await (const _chunk of stream) throw new RangeError("it holds something else");
  });
  await assert.rejects(pipeline(source(), tap.through, sink), { message: "it holds something else" });
  await assert.rejects(tap.found, RangeError);
  assert.equal(isEnded, false);
});

test("a reader that fails only at the end fails it too", async () => {
  const tap = createTap(async (stream) => {
    await readToEnd(stream);
    throw new RangeError("no trailer");
  });
  await assert.rejects(pipeline(source(), tap.through, sinkOf().sink), { message: "no trailer" });
});

test("a reader that has seen enough lets the rest go by", async () => {
  const { sink, bytes } = sinkOf();
  const tap = createTap(async (stream) => {
    for await (const chunk of stream) return chunk.length;
    return 0;
  });
  await pipeline(source(), tap.through, sink);
  assert.ok((await tap.found) > 0);
  assert.equal(bytes(), 5_000_000);
});

test("a stream that is ended early ends the reader", async () => {
  const tap = createTap(readToEnd);
  tap.through.write(chunks[0]);
  tap.through.destroy();
  await assert.rejects(tap.found, { code: "ERR_STREAM_PREMATURE_CLOSE" });
});
