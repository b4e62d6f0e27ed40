import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryDestination } from "../../../tests/fakes/memory-destination.ts";
import {
  loseCatalog,
  type MemoryScene,
  noSignal,
  openMemoryScene,
  storeOf,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import { capsuleJob } from "../../../tests/fakes/real-context.ts";
import type { Immutability } from "../../domain/copies/storage-traits.ts";
import { instant } from "../../domain/instant.ts";
import { type RetainedBackup, removesMost, type Verdict } from "../../domain/retention/retention.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import type { PruneReport } from "../operation.ts";
import { run } from "../run/run.ts";
import { prune } from "./prune.ts";

const dayMs = 86_400_000;
const planned: RetainedBackup = {
  ...{ id: "", createdAt: instant(0), isHeld: false, isProven: false, isSuspect: false, sizeBytes: 1 },
  ...{ outcome: "complete", isWhole: true, level: "read" },
};

/** What the storage of a scene refuses. */
interface Lock {
  retains: (name: string) => boolean;
  immutability: Immutability | null;
  /** Names whose removal was asked for, in order. */
  readonly asked: string[];
}

/** A job that keeps the newest `last`, on a storage with a lock that a test can turn. */
async function openLocked(
  last: number,
  locked: Partial<Lock> = {},
): Promise<MemoryScene & { readonly lock: Lock }> {
  const lock: Lock = { retains: () => true, immutability: null, asked: [], ...locked };
  const plain = await openMemoryScene({
    jobs: (root) => {
      const job = capsuleJob(root);
      return [{ ...job, keep: { ...job.keep, last, minimum: 1 } }];
    },
  });
  const memory = createMemoryDestination({
    name: "replays",
    store: storeOf(plain),
    now: () => plain.context.clock.now(),
    retains: (name) => lock.retains(name),
    immutability: () => lock.immutability,
  });
  const remove = async (name: string) => {
    lock.asked.push(name);
    return memory.remove(name);
  };
  return { ...withMemoryDestination(plain, { ...memory, remove }), lock };
}

async function oneNight(scene: MemoryScene): Promise<RunReport> {
  const wish = { jobs: [], all: true, waitMs: 0, slot: null, signal: noSignal };
  const [report] = await run(scene.context, wish);
  assert.ok(report);
  scene.advance(dayMs);
  return report;
}

async function nights(scene: MemoryScene, count: number): Promise<readonly RunReport[]> {
  const reports: RunReport[] = [];
  for (let night = 0; night < count; night += 1) reports.push(await oneNight(scene));
  return reports;
}

function pruneAll({ context }: MemoryScene, dryRun = false): Promise<readonly PruneReport[]> {
  return prune(context, { jobs: [], dryRun, yes: false, signal: noSignal });
}

const states = ({ context }: MemoryScene) =>
  context.catalog.backups().flatMap(({ copies }) => copies.map(({ state, level }) => `${state} ${level}`));

test("a retained copy stays whole and listed, frees nothing, and goes when the storage lets it", async () => {
  const scene = await openLocked(1);
  const [first, second] = await nights(scene, 2);
  assert.deepEqual([second?.outcome, second?.exit, second?.warnings], ["complete", 0, []]);
  const { removed, retained, freedBytes, failures } = second?.pruned ?? {};
  assert.deepEqual([removed, retained, freedBytes, failures], [[], 1, 0, []]);
  assert.deepEqual(scene.lock.asked, [`${first?.backup?.id}.manifest.json`], "nothing but its manifest");
  assert.deepEqual(states(scene), ["whole read", "whole read"]);
  assert.deepEqual(scene.context.catalog.pruned("capsule", null), []);
  assert.equal(storeOf(scene).checksums.includes(first?.backup?.id ?? "?"), true);
  const reports = await pruneAll(scene);
  assert.deepEqual(
    reports.map(({ verdict, isRemoved, retained: kept, exit }) => [verdict, isRemoved, kept, exit]),
    [
      ["keep", false, null, 0],
      ["remove", false, { until: null }, 0],
    ],
  );
  scene.lock.retains = () => false;
  assert.deepEqual(
    (await pruneAll(scene)).map(({ isRemoved }) => isRemoved),
    [false, true],
  );
  assert.deepEqual(scene.context.catalog.pruned("capsule", null), [first?.backup?.id]);
  assert.deepEqual(scene.context.catalog.retained(), []);
});

test("many retained copies do not make a pruning one of 'more than half'", async () => {
  const scene = await openLocked(1);
  const reports = await nights(scene, 5);
  for (const { pruned } of reports) assert.deepEqual([pruned?.refusedAt, pruned?.failures], [[], []]);
  assert.equal(reports.at(-1)?.pruned?.retained, 4);
});

test("nor do they hide a policy that would remove most of what can be removed", () => {
  const verdictOf = (verdict: "keep" | "remove", place: number): Verdict<RetainedBackup> => ({
    backup: { ...planned, id: String(place), ...(place < 20 && { retained: { until: null } }) },
    verdict,
    reasons: [],
  });
  const retained = Array.from({ length: 20 }, (_one, place) => verdictOf("remove", place));
  const others = (["keep", "remove", "remove", "remove"] as const).map((verdict, at) =>
    verdictOf(verdict, 20 + at),
  );
  assert.equal(removesMost([...retained, ...others]), true);
  assert.equal(removesMost([...retained, ...others.slice(0, 2)]), false);
});

test("a storage that lets the manifest go and keeps the data is tried again, and no failure", async () => {
  const scene = await openLocked(1, { retains: (name) => name.endsWith(".zip") });
  const [first, second] = await nights(scene, 2);
  assert.deepEqual([second?.pruned?.retained, second?.pruned?.failures], [1, []]);
  assert.deepEqual(states(scene), ["whole read", "removing read"]);
  assert.deepEqual(scene.context.catalog.pruned("capsule", null), []);
  scene.lock.retains = () => false;
  await oneNight(scene);
  assert.equal(storeOf(scene).files.has(`${first?.backup?.id}.zip`), false);
  assert.ok(scene.context.catalog.links("capsule", null).length > 0);
});

test("the tombstone of a prune that died is taken back where the storage retains the copy", async () => {
  const scene = await openLocked(1);
  await nights(scene, 2);
  const { catalog } = scene.context;
  const copy = catalog.backups().at(-1)?.copies[0];
  assert.ok(copy);
  catalog.putCopy({ ...copy, state: "removing" });
  await pruneAll(scene);
  assert.deepEqual(states(scene), ["whole read", "whole read"]);
});

test("what a lock keeps until a known day is told with it, also after a rebuild, and not asked for before", async () => {
  const scene = await openLocked(1, { immutability: { by: "object-lock", days: 4 } });
  const [first] = await nights(scene, 3);
  assert.deepEqual(scene.lock.asked, []);
  const until = new Date(Date.parse(first?.startedAt ?? "") + 4 * dayMs).toISOString();
  assert.equal((await pruneAll(scene, true)).at(-1)?.retained?.until, until);
  await loseCatalog(scene);
  assert.equal((await pruneAll(scene)).at(-1)?.retained?.until, until);
  scene.lock.retains = () => false;
  const later = await nights(scene, 2);
  const removed = later.map(({ pruned }) => pruned?.removed.map(({ backup }) => backup));
  assert.deepEqual(removed, [[], [first?.backup?.id]]);
});
