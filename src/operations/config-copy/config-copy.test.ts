import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createFaultyDestination } from "../../../tests/fakes/faulty-destination.ts";
import { createHandClock } from "../../../tests/fakes/hand-clock.ts";
import { createMemoryContext } from "../../../tests/fakes/memory-context.ts";
import { createMemoryDestination } from "../../../tests/fakes/memory-destination.ts";
import type { Destination } from "../../destinations/destination.ts";
import { instant } from "../../domain/instant.ts";
import { createEncryption } from "../../encryption/create-encryption.ts";
import type { Context } from "../context.ts";
import { fetchConfig } from "./fetch-config.ts";
import { keepConfig } from "./keep-config.ts";

const encryption = createEncryption();

async function newKey() {
  const { text, recipient } = await encryption.generate("now");
  const identity = join(mkdtempSync(join(tmpdir(), "config-copy-")), "key.txt");
  writeFileSync(identity, text.reveal(), { mode: 0o600 });
  return { identity, recipient };
}

interface Scene {
  readonly text: { now: string };
  readonly recipients: readonly string[];
  readonly destinations: readonly Destination[];
}

function contextOf({ text, recipients, destinations }: Scene): Context {
  const clock = createHandClock();
  const statePath = mkdtempSync(join(tmpdir(), "config-copy-state-"));
  const to = destinations.map(({ name }) => name);
  return {
    ...createMemoryContext({ statePath, jobs: [], destinations, clock }),
    configFile: { copy: { recipients, to }, read: async () => Buffer.from(text.now) },
  };
}

test("what the file says comes back with the key, and with no other", async () => {
  const key = await newKey();
  const memory = createMemoryDestination();
  await memory.initialise();
  const text = { now: "password: canary\njobs: {}\n" };
  const [kept] = await keepConfig(contextOf({ text, recipients: [key.recipient], destinations: [memory] }));
  assert.deepEqual([kept?.isNew, kept?.failure], [true, null]);
  const stored = [...memory.store.files.values()].map(({ bytes }) => bytes.toString("latin1")).join();
  assert.doesNotMatch(stored, /canary/);
  const asked = { encryption, identity: key.identity };
  assert.deepEqual(await fetchConfig(memory, asked), { name: kept?.name, text: text.now });
  const other = { encryption, identity: (await newKey()).identity };
  await assert.rejects(fetchConfig(memory, other), { code: "encryption.no-identity" });
});

test("the same content is kept once; another content, or another key, is a new copy, and no old one goes", async () => {
  const [one, two] = [await newKey(), await newKey()];
  const memory = createMemoryDestination();
  const text = { now: "first" };
  const scene = { text, destinations: [memory] };
  const context = contextOf({ ...scene, recipients: [one.recipient] });
  assert.equal((await keepConfig(context))[0]?.isNew, true);
  assert.deepEqual((await keepConfig(context))[0]?.isNew, false);
  text.now = "second";
  assert.equal((await keepConfig(context))[0]?.isNew, true);
  assert.equal((await keepConfig(contextOf({ ...scene, recipients: [two.recipient] })))[0]?.isNew, true);
  assert.equal(memory.store.files.size, 3);
});

test("after a clock that was wrong by a year, the newest content is still what is fetched, and kept once", async () => {
  const { identity, recipient } = await newKey();
  const memory = createMemoryDestination();
  const text = { now: "first" };
  const context = contextOf({ text, recipients: [recipient], destinations: [memory] });
  const ahead = instant(context.clock.now() + 366 * 86_400_000);
  await keepConfig({ ...context, clock: createHandClock(ahead) });
  text.now = "second";
  await keepConfig(context);
  assert.equal((await keepConfig(context))[0]?.isNew, false);
  assert.equal((await fetchConfig(memory, { encryption, identity }))?.text, "second");
});

test("a destination that fails keeps no other from its copy, and one that returns other bytes is told", async () => {
  const { recipient } = await newKey();
  const good = createMemoryDestination({ name: "good" });
  const away = createFaultyDestination(createMemoryDestination({ name: "away" }), [
    { method: "list", call: 1, kind: "fail" },
  ]);
  const rotten = createFaultyDestination(createMemoryDestination({ name: "rotten" }), [
    { method: "read", call: 1, kind: "rot" },
  ]);
  const destinations = [away, rotten, good];
  const kept = await keepConfig(contextOf({ text: { now: "x" }, recipients: [recipient], destinations }));
  assert.deepEqual(
    kept.map(({ isNew, failure }) => [isNew, failure?.code]),
    [
      [false, "destination.io"],
      [false, "destination.read-back"],
      [true, undefined],
    ],
  );
});
