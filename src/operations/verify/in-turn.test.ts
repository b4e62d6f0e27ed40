import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryDestination } from "../../../tests/fakes/memory-destination.ts";
import {
  backUp,
  type MemoryScene,
  noSignal,
  openMemoryScene,
  rot,
  storeOf,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import { Failure } from "../../domain/failure.ts";
import { run } from "../run/run.ts";
import { verifyInTurn } from "./in-turn.ts";

const dayMs = 86_400_000;

async function openNights(count: number, destinations = ["one", "two"]): Promise<MemoryScene> {
  const scene = await openMemoryScene({ destinations });
  for (let night = 0; night < count; night += 1) {
    await backUp(scene);
    scene.advance(dayMs);
  }
  return scene;
}

function sizeOf({ context }: MemoryScene): number {
  return context.catalog.backups()[0]?.sizeBytes ?? 0;
}

function read({ context }: MemoryScene, budgetBytes: number | null) {
  return verifyInTurn(context, { budgetBytes, level: "hashed", signal: noSignal });
}

test("each day goes on where the last one stopped, across destinations, until every copy was read", async () => {
  const scene = await openNights(3);
  const seen: string[] = [];
  for (let day = 0; day < 3; day += 1) {
    const { checks, reading } = await read(scene, 2 * sizeOf(scene));
    assert.deepEqual([reading.readBytes, reading.copies], [2 * sizeOf(scene), 6]);
    seen.push(...checks.map(({ backup, destination }) => `${backup} ${destination}`));
    scene.advance(dayMs);
  }
  assert.equal(new Set(seen).size, 6);
  const [oldest] = scene.context.catalog.backups().toReversed();
  assert.deepEqual(seen.slice(0, 2), [`${oldest?.id} one`, `${oldest?.id} two`]);
});

test("what was read today counts, also by another process, and tomorrow begins anew", async () => {
  const scene = await openNights(3);
  const budget = 3 * sizeOf(scene);
  assert.equal((await read(scene, sizeOf(scene))).checks.length, 1);
  const second = await read(scene, budget);
  assert.deepEqual([second.checks.length, second.reading.usedBytes], [2, budget]);
  assert.equal((await read(scene, budget)).checks.length, 0);
  scene.advance(dayMs);
  assert.equal((await read(scene, budget)).checks.length, 3);
});

test("a destination that is away costs nothing of the budget, is told once and is no damage", async () => {
  const plain = await openNights(2);
  const away = async () => {
    throw new Failure("destination.missing", 'Cannot use "one": there is no such directory');
  };
  const memory = createMemoryDestination({ name: "one", store: storeOf(plain, "one") });
  const scene = withMemoryDestination(plain, { ...memory, look: away });
  const { checks, reading } = await read(scene, 2 * sizeOf(scene));
  assert.deepEqual(
    checks.map(({ destination, outcome }) => `${destination} ${outcome}`),
    ["one failed", "two ok", "two ok"],
  );
  assert.equal(reading.readBytes, 2 * sizeOf(scene));
});

test("the scheduled job finds a copy that has rotted, tells it once, and says when the budget is too small", async () => {
  const plain = await openNights(2);
  const reading = { budgetBytes: 1, withinMs: 30 * dayMs, schedule: "0 4 * * *", timezone: "UTC" };
  const basis = plain.context.jobs.map(({ timezone, timeoutMs, maxAgeMs, graceMs, due }) => ({
    ...{ timezone, timeoutMs, maxAgeMs, graceMs, due },
  }))[0];
  assert.ok(basis);
  const job = { ...basis, kind: "verify", name: "copies:verify", schedule: null } as const;
  const context = { ...plain.context, reading: { ...reading, budgetBytes: 10 }, jobs: [job] };
  const scene: MemoryScene = { ...plain, context };
  const [oldest] = context.catalog.backups().toReversed();
  const mend = rot(storeOf(scene, "one"), `${oldest?.id}.zip`);
  const nightly = async () => {
    const wish = { jobs: [job.name], all: false, waitMs: 0, slot: null, signal: noSignal };
    const [report] = await run(context, wish);
    scene.advance(dayMs);
    assert.ok(report);
    return report;
  };
  const first = await nightly();
  assert.deepEqual([first.outcome, first.exit, first.failure?.code], ["failed", 4, "backup.mismatch"]);
  assert.deepEqual(
    context.catalog.backup(oldest?.job ?? "", oldest?.id ?? "")?.copies.map(({ state }) => state),
    ["damaged", "whole"],
  );
  const second = await nightly();
  assert.deepEqual([second.outcome, second.failure], ["complete", null]);
  const small = { ...context, reading };
  const days = { budgetBytes: 1, level: "hashed", signal: noSignal } as const;
  assert.equal((await verifyInTurn(small, days)).reading.neededBytes, 2);
  mend();
});
