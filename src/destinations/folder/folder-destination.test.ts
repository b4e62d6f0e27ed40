import assert from "node:assert/strict";
import { test } from "node:test";
import { describeDestinationContract } from "../../../tests/contract/destination-contract.ts";
import { hasCode, namesOf, runId, stageBytes } from "../../../tests/contract/destination-steps.ts";
import { createHandClock } from "../../../tests/fakes/hand-clock.ts";
import {
  createMemoryFolder,
  type MemoryFolder,
  type MemoryFolderOptions,
} from "../../../tests/fakes/memory-remote-folder.ts";
import { plainTraits } from "../../../tests/fakes/plain-traits.ts";
import { Failure } from "../../domain/failure.ts";
import { createSilentLog } from "../../platform/log.ts";
import type { Destination } from "../destination.ts";
import { createFolderDestination } from "./folder-destination.ts";

const clock = createHandClock();

function destinationIn(folder: MemoryFolder): Destination {
  let tokens = 0;
  const settings = { name: "far", location: "memory://far", traits: plainTraits };
  return createFolderDestination(settings, folder, {
    clock,
    log: createSilentLog(),
    randomToken: (length) => `${tokens++}`.padStart(length, "t"),
    tool: "codex-backup 0.0.0",
  });
}

function farFolder(options: MemoryFolderOptions = {}): { folder: MemoryFolder; destination: Destination } {
  const folder = createMemoryFolder({ now: () => clock.now(), ...options });
  return { folder, destination: destinationIn(folder) };
}

/** Throws "destination.unreachable" the first time that a step matches. */
function once(pattern: RegExp): (step: string) => void {
  let isDone = false;
  return (step) => {
    if (isDone || !pattern.test(step)) return;
    isDone = true;
    throw new Failure("destination.unreachable", `Cannot ${step}: the line broke`, {
      hint: "This is a test.",
    });
  };
}

describeDestinationContract("a folder on another host", async () => {
  const folder = createMemoryFolder();
  return {
    destination: destinationIn(folder),
    reopen: () => destinationIn(createMemoryFolder({ store: folder.store })),
    close: async () => undefined,
  };
});

test("a rename whose answer is lost is known again as ours", async () => {
  const { destination } = farFolder({ after: once(/^rename/) });
  const staged = await stageBytes(destination, "a", Buffer.from("whole"));
  await assert.rejects(staged.publish(), hasCode("destination.unreachable"));
  await staged.publish();
  assert.deepEqual(await namesOf(destination), ["a"]);
  await staged.discard();
  assert.equal(String(await destination.read("a")), "whole");
});

test("a rename that never arrived is asked for again", async () => {
  const { destination } = farFolder({ before: once(/^rename/) });
  const staged = await stageBytes(destination, "a", Buffer.from("whole"));
  await assert.rejects(staged.publish(), hasCode("destination.unreachable"));
  assert.deepEqual(await namesOf(destination), []);
  await staged.publish();
  assert.equal(String(await destination.read("a")), "whole");
});

test("another's file of our size is not taken for ours when the staged one is gone", async () => {
  const { folder, destination } = farFolder({ before: once(/^rename/) });
  const staged = await stageBytes(destination, "a", Buffer.from("whole"));
  await assert.rejects(staged.publish(), hasCode("destination.unreachable"));
  folder.store.files?.clear();
  folder.store.files?.set("a", { bytes: Buffer.from("other"), modifiedMs: clock.now() + 5000 });
  await assert.rejects(staged.publish(), hasCode("destination.exists"));
});

test("a name that was taken before we asked is another's, though size and time are equal", async () => {
  const { folder, destination } = farFolder();
  const staged = await stageBytes(destination, "a", Buffer.from("whole"));
  folder.store.files?.set("a", { bytes: Buffer.from("other"), modifiedMs: clock.now() });
  await assert.rejects(staged.publish(), hasCode("destination.exists"));
  folder.store.files?.delete(`.a.partial-${runId}`);
  await assert.rejects(staged.publish(), hasCode("destination.not-found"));
  assert.equal(String(await destination.read("a")), "other");
});

test("a server that died between link and unlink leaves one file under two names, and it is finished", async () => {
  const { folder, destination } = farFolder();
  const bytes = Buffer.from("whole");
  const staged = await stageBytes(destination, "a", bytes);
  folder.store.files?.set("a", { bytes, modifiedMs: clock.now() });
  const later = await destination.resume("a", runId);
  await later?.publish();
  assert.deepEqual([...(folder.store.files?.keys() ?? [])], ["a"]);
  await staged.discard();
  assert.equal(String(await destination.read("a")), "whole");
});

test("where a rename overwrites, names are looked up first, and the facts warn", async () => {
  for (const isAtomic of [true, false]) {
    const { folder, destination } = farFolder({ overwrites: true, isAtomic });
    await destination.initialise();
    await destination.put("a", Buffer.from("first"), runId);
    await assert.rejects(destination.put("a", Buffer.from("2"), "run2"), hasCode("destination.exists"));
    assert.equal(String(await destination.read("a")), "first");
    const { warnings } = await destination.ready();
    assert.equal(warnings.length, 1, `isAtomic: ${isAtomic}`);
    assert.match(warnings[0] ?? "", /looked up before they are taken/);
    assert.ok(![...(folder.store.files?.keys() ?? [])].some((name) => name.includes("probe")));
  }
});

test("a probe is written, read and removed, and only old ones of others are swept", async () => {
  const { folder, destination } = farFolder();
  await destination.initialise();
  const put = (name: string, ageMs: number) =>
    folder.store.files?.set(name, { bytes: Buffer.from("x"), modifiedMs: clock.now() - ageMs });
  put(".codex-backup.probe-old", 3_600_001);
  put(".codex-backup.probe-young", 3_599_999);
  put("old.sql", 9_000_000);
  await destination.ready();
  const names = [...(folder.store.files?.keys() ?? [])].sort();
  assert.deepEqual(names, [".codex-backup", ".codex-backup.probe-young", "RESTORE-v1.md", "old.sql"]);
  assert.ok(folder.steps.some((step) => /^read \.codex-backup\.probe-t/.test(step)));
});

test("a probe that comes back otherwise is damage, and is removed", async () => {
  const { folder, destination } = farFolder({
    before(step) {
      const name = /^read (.*probe.*)$/.exec(step)?.[1];
      if (name) folder.store.files?.set(name, { bytes: Buffer.from("probe\r\n"), modifiedMs: 0 });
    },
  });
  await destination.initialise();
  await assert.rejects(destination.ready(), hasCode("destination.read-back"));
  assert.deepEqual([...(folder.store.files?.keys() ?? [])].sort(), [".codex-backup", "RESTORE-v1.md"]);
});

test("look writes nothing", async () => {
  const { folder, destination } = farFolder();
  const id = await destination.initialise();
  const from = folder.steps.length;
  assert.equal((await destination.look()).id, id);
  const kinds = folder.steps.slice(from).map((step) => step.split(" ")[0]);
  assert.deepEqual(new Set(kinds), new Set(["stat", "read"]));
});

test("without its folder it is missing, not without sentinel, and initialise makes it", async () => {
  const { destination } = farFolder({ store: { files: null } });
  await assert.rejects(destination.look(), hasCode("destination.missing"));
  await assert.rejects(destination.ready(), hasCode("destination.missing"));
  const id = await destination.initialise();
  assert.equal((await destination.ready()).id, id);
});

test("a sentinel that is not ours is refused by ready and by initialise, and stays", async () => {
  const { folder, destination } = farFolder();
  folder.store.files?.set(".codex-backup", { bytes: Buffer.from("{}"), modifiedMs: 0 });
  await assert.rejects(destination.ready(), hasCode("destination.sentinel-foreign"));
  await assert.rejects(destination.initialise(), hasCode("destination.sentinel-foreign"));
  assert.equal(String(folder.store.files?.get(".codex-backup")?.bytes), "{}");
});

test("a server that refuses removal retains, and is still ready", async () => {
  const { destination } = farFolder({ retains: () => true });
  await destination.initialise();
  await destination.put("a", Buffer.from("1"), runId);
  assert.equal(await destination.remove("a"), "retained");
  assert.deepEqual(await namesOf(destination), ["RESTORE-v1.md", "a"]);
  const { warnings } = await destination.ready();
  assert.match(warnings.join(), /does not let us remove/);
});

test("an entry that vanishes after it was listed is gone, not an error", async () => {
  const { folder, destination } = farFolder();
  await stageBytes(destination, "a", Buffer.from("x"));
  const [left] = await destination.listStaged();
  folder.store.files?.clear();
  assert.ok(left);
  assert.equal(await destination.discardStaged(left), false);
  assert.equal(await destination.resume("a", runId), null);
  assert.equal(await destination.remove("a"), "gone");
});

test("a write that fails leaves nothing of the small file, and its own error is told", async () => {
  const { destination } = farFolder({ before: once(/^rename/) });
  await assert.rejects(destination.put("a", Buffer.from("x"), runId), hasCode("destination.unreachable"));
  assert.deepEqual(await destination.listStaged(), []);
  await destination.put("a", Buffer.from("x"), runId);
});
