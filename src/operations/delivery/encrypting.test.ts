import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import type { Delivery } from "./delivery.ts";
import { encrypting } from "./encrypting.ts";

const signal = new AbortController().signal;
const hashOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** Turns every bit over: as good as any cipher for who writes what where. */
const flip = () =>
  new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, Buffer.from(chunk.map((byte) => byte ^ 0xff))),
  });

function deliveryTo(got: Buffer[], write?: (chunk: Buffer) => Error | null): Delivery {
  const openFile: Delivery["openFile"] = async () => {
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        got.push(chunk);
        done(write?.(chunk) ?? null);
      },
    });
    const passed = () => {
      const all = Buffer.concat(got);
      return { sizeBytes: all.length, sha256: hashOf(all) };
    };
    return { sink, passed, content: passed };
  };
  return {
    shares: [],
    openFile,
    putFile: () => assert.fail("goes by openFile"),
    heldUpBy: () => [],
    abandon: async () => {},
  };
}

test("the destinations get what the encryptor makes; both sides are hashed", async () => {
  const got: Buffer[] = [];
  const sealing = encrypting(deliveryTo(got), { encryptor: async () => flip(), signal });
  const plain = Buffer.alloc(3_000_000, "plain ");
  const fan = await sealing.openFile("a.age", () => {});
  await pipeline(Readable.from([plain], { objectMode: false }), fan.sink);
  const stored = Buffer.concat(got);
  assert.ok(!stored.includes("plain"));
  assert.deepEqual(fan.content(), { sizeBytes: plain.length, sha256: hashOf(plain) });
  assert.deepEqual(fan.passed(), { sizeBytes: stored.length, sha256: hashOf(stored) });
});

test("a small file goes the same way", async () => {
  const got: Buffer[] = [];
  const sealing = encrypting(deliveryTo(got), { encryptor: async () => flip(), signal });
  const passed = await sealing.putFile("globals.age", Buffer.from("CREATE ROLE app"));
  assert.equal(passed.sha256, hashOf(Buffer.concat(got)));
  assert.ok(!Buffer.concat(got).includes("ROLE"));
});

test("a delivery that is given up before anybody wrote to it ends no process", async () => {
  const sinks: Writable[] = [];
  const inner = deliveryTo([]);
  const openFile: Delivery["openFile"] = async (name, onBytes) => {
    const fan = await inner.openFile(name, onBytes);
    sinks.push(fan.sink);
    return fan;
  };
  const sealing = encrypting({ ...inner, openFile }, { encryptor: async () => flip(), signal });
  const { sink } = await sealing.openFile("a.age", () => {});
  sinks[0]?.destroy(new RangeError("pg_dump did not start"));
  await new Promise((resolve) => sink.once("close", resolve));
  assert.equal(sink.errored?.message, "pg_dump did not start");
});

test("an encryptor that cannot be made writes nothing", async () => {
  const got: Buffer[] = [];
  const encryptor = () => Promise.reject(new RangeError("no recipient"));
  const sealing = encrypting(deliveryTo(got), { encryptor, signal });
  await assert.rejects(sealing.putFile("a.age", Buffer.from("plain")), { message: "no recipient" });
  assert.deepEqual(got, []);
});

test("a failing destination and a failing encryptor end the source, each in its own words", async () => {
  const endless = () =>
    Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536);
      })(),
      { objectMode: false },
    );
  const full = encrypting(
    deliveryTo([], () => new RangeError("disk full")),
    { encryptor: async () => flip(), signal },
  );
  const toFull = endless();
  await assert.rejects(pipeline(toFull, (await full.openFile("a.age", () => {})).sink), {
    message: "disk full",
  });
  assert.ok(toFull.destroyed);
  const breaking = new Transform({
    transform: (_chunk, _encoding, done) => done(new RangeError("no entropy")),
  });
  const broken = encrypting(deliveryTo([]), { encryptor: async () => breaking, signal });
  const toBroken = endless();
  await assert.rejects(pipeline(toBroken, (await broken.openFile("a.age", () => {})).sink), {
    message: "no entropy",
  });
  assert.ok(toBroken.destroyed);
});
