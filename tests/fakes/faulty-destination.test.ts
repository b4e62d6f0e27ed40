import assert from "node:assert/strict";
import { test } from "node:test";
import { describeDestinationContract } from "../contract/destination-contract.ts";
import { contentOf, hasCode, stageBytes } from "../contract/destination-steps.ts";
import { createFaultyDestination } from "./faulty-destination.ts";
import { createMemoryDestination, createMemoryStore } from "./memory-destination.ts";

describeDestinationContract("the faulty destination without faults", async () => {
  const store = createMemoryStore();
  const open = () => createFaultyDestination(createMemoryDestination({ store }), []);
  return { destination: open(), reopen: open, close: async () => undefined };
});

test("the n-th call fails and no other", async () => {
  const inner = createMemoryDestination();
  const faulty = createFaultyDestination(inner, [{ method: "put", call: 2, kind: "full" }]);
  await faulty.put("a", Buffer.from("1"), "r");
  await assert.rejects(faulty.put("b", Buffer.from("2"), "r"), hasCode("destination.full"));
  await faulty.put("c", Buffer.from("3"), "r");
  assert.deepEqual(
    (await inner.list()).map((file) => file.name),
    ["a", "c"],
  );
  assert.deepEqual([faulty.calls, faulty.pending()], [["put a", "put b", "put c"], []]);
});

test("a late fault has done its work", async () => {
  const inner = createMemoryDestination();
  const faulty = createFaultyDestination(inner, [{ method: "publish", call: 1, kind: "late" }]);
  const staged = await stageBytes(faulty, "a", Buffer.from("x"));
  await assert.rejects(staged.publish(), hasCode("destination.io"));
  assert.ok(await inner.stat("a"));
});

test("a failing write fails the stream, a short write loses bytes in silence", async () => {
  const failing = createFaultyDestination(createMemoryDestination(), [
    { method: "sink.write", call: 1, kind: "fail" },
  ]);
  await assert.rejects(stageBytes(failing, "a", Buffer.from("abcd")), hasCode("destination.io"));
  const short = createFaultyDestination(createMemoryDestination(), [
    { method: "sink.write", call: 1, kind: "short" },
  ]);
  const staged = await stageBytes(short, "a", Buffer.from("abcd"));
  assert.equal((await contentOf(await staged.readBack())).toString(), "ab");
});

test("a rotten read differs in one bit and a cut one ends early", async () => {
  const inner = createMemoryDestination();
  await inner.put("a", Buffer.from("abcd"), "r");
  const rot = createFaultyDestination(inner, [{ method: "open", call: 1, kind: "rot", file: "a" }]);
  assert.equal((await contentOf(await rot.open("a"))).toString(), "abbd");
  const cut = createFaultyDestination(inner, [{ method: "read", call: 1, kind: "cut" }]);
  assert.equal((await cut.read("a")).toString(), "ab");
});
