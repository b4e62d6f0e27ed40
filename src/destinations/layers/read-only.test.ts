import assert from "node:assert/strict";
import { test } from "node:test";
import { hasCode, namesOf, runId, stageBytes } from "../../../tests/contract/destination-steps.ts";
import { createFaultyDestination } from "../../../tests/fakes/faulty-destination.ts";
import { createMemoryDestination } from "../../../tests/fakes/memory-destination.ts";
import { readOnly } from "./read-only.ts";

const line = { path: "a", sha256: "1".repeat(64) };

test("whatever would write or remove is refused before the storage hears of it", async () => {
  const storage = createFaultyDestination(createMemoryDestination({ name: "vault" }), []);
  await storage.initialise();
  await storage.put("a", Buffer.from("1"), runId);
  await stageBytes(storage, "left", Buffer.from("2"));
  const [left] = await storage.listStaged();
  assert.ok(left);
  const calls = storage.calls.length;
  const destination = readOnly(storage);
  const writes: readonly (() => Promise<unknown>)[] = [
    () => destination.ready(),
    () => destination.initialise(),
    () => destination.stage("b", runId),
    () => destination.put("b", Buffer.from("1"), runId),
    () => destination.remove("a"),
    () => destination.discardStaged(left),
    async () => destination.checksums?.add([line]),
    async () => destination.checksums?.drop(["a"]),
    async () => destination.checksums?.replace(line),
  ];
  for (const write of writes) await assert.rejects(write, hasCode("destination.read-only"), String(write));
  assert.deepEqual(storage.calls.slice(calls), []);
});

test("everything is read as it is, leftovers too, which stay", async () => {
  const storage = createMemoryDestination();
  const id = await storage.initialise();
  await storage.put("a", Buffer.from("1"), runId);
  await stageBytes(storage, "left", Buffer.from("2"));
  const destination = readOnly(storage);
  assert.equal((await destination.look()).id, id);
  assert.deepEqual(await namesOf(destination), ["RESTORE-v1.md", "a"]);
  assert.equal((await destination.read("a")).toString(), "1");
  const resumed = await destination.resume("left", runId);
  assert.equal(await resumed?.storedBytes(), 1);
  await assert.rejects(async () => resumed?.publish(), hasCode("destination.read-only"));
  await assert.rejects(async () => resumed?.discard(), hasCode("destination.read-only"));
  await destination.sync();
  assert.equal((await destination.listStaged()).length, 1);
  assert.deepEqual(await namesOf(storage), ["RESTORE-v1.md", "a"]);
});
