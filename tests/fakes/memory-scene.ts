import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CopyRow } from "../../src/catalog/catalog.ts";
import { openCatalog } from "../../src/catalog/open-catalog.ts";
import type { Destination } from "../../src/destinations/destination.ts";
import type { VerifyReport } from "../../src/domain/backups/verify-report.ts";
import { instant } from "../../src/domain/instant.ts";
import type { Job } from "../../src/domain/jobs/job.ts";
import type { Context } from "../../src/operations/context.ts";
import type { VerifyLevel } from "../../src/operations/operation.ts";
import { rebuildCatalog } from "../../src/operations/rebuild-catalog.ts";
import { run } from "../../src/operations/run/run.ts";
import { verify } from "../../src/operations/verify/verify.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { createMemoryDestination, type MemoryStore } from "./memory-destination.ts";
import { createPlainCapsules } from "./plain-capsules.ts";
import { capsuleJob, createRealContext } from "./real-context.ts";

export const noSignal = new AbortController().signal;

/** A job over a small directory, destinations in memory, a catalog in memory, and a clock that can be moved. */
export interface MemoryScene {
  readonly context: Context;
  readonly stores: ReadonlyMap<string, MemoryStore>;
  advance(ms: number): void;
}

export interface MemorySceneOptions {
  /** Default: one, "replays". */
  readonly destinations?: readonly string[];
  /** Default: one capsule job, to all destinations. */
  readonly jobs?: (root: string) => readonly Job[];
  /** Real zips instead of plain bytes. */
  readonly isReal?: boolean;
}

export async function openMemoryScene(options: MemorySceneOptions = {}): Promise<MemoryScene> {
  const names = options.destinations ?? ["replays"];
  const home = temporaryDirectory("memory");
  const root = join(home, "tree");
  mkdirSync(root);
  mkdirSync(join(home, "state", "work"), { recursive: true });
  writeFileSync(join(root, "one.txt"), "one\n");
  const jobs = options.jobs?.(root) ?? [capsuleJob(root, { to: names })];
  const real = createRealContext({ home, jobs, destinations: [] });
  real.catalog.close();
  const made = names.map((name) => createMemoryDestination({ name, now: () => real.clock.now() }));
  for (const destination of made) await destination.initialise();
  let offsetMs = 0;
  const clock = { ...real.clock, now: () => instant(real.clock.now() + offsetMs) };
  const context: Context = {
    ...real,
    clock,
    catalog: openCatalog(":memory:"),
    destinations: new Map(made.map((destination) => [destination.name, destination])),
    capsules: options.isReal ? real.capsules : createPlainCapsules(Buffer.from("some replays")),
  };
  return {
    context,
    stores: new Map(made.map(({ name, store }) => [name, store])),
    advance: (ms) => {
      offsetMs += ms;
    },
  };
}

/** The same machine with a destination replaced by another of its name. */
export function withMemoryDestination(scene: MemoryScene, destination: Destination): MemoryScene {
  const destinations = new Map(scene.context.destinations).set(destination.name, destination);
  return { ...scene, context: { ...scene.context, destinations } };
}

/** Runs every job; the ids of the backups, in the order of the jobs. */
export async function backUp({ context, advance }: MemoryScene): Promise<readonly [string, ...string[]]> {
  const reports = await run(context, { jobs: [], all: true, waitMs: 0, slot: null, signal: noSignal });
  advance(60_000);
  const [first, ...rest] = reports.map(({ backup, failure }) => {
    assert.equal(failure, null);
    assert.ok(backup);
    return backup.id;
  });
  assert.ok(first);
  return [first, ...rest];
}

/** Verifies everything a minute later. */
export async function verifyAll(
  { context, advance }: MemoryScene,
  level: VerifyLevel = "hashed",
): Promise<readonly VerifyReport[]> {
  advance(60_000);
  return verify(context, { backups: [], level, sinceMs: null, signal: noSignal });
}

/** Verifies everything, which must be one copy. */
export async function verifyOne(scene: MemoryScene, level: VerifyLevel = "hashed"): Promise<VerifyReport> {
  const reports = await verifyAll(scene, level);
  const [report] = reports;
  assert.equal(reports.length, 1);
  assert.ok(report);
  return report;
}

/** The catalog's only copy. */
export function onlyCopy({ context }: MemoryScene): CopyRow {
  const copies = context.catalog.backups().flatMap((row) => row.copies);
  const [copy] = copies;
  assert.equal(copies.length, 1);
  assert.ok(copy);
  return copy;
}

/** Forgets the catalog and makes it anew. No job runs meanwhile, so no lock is waited for. */
export async function loseCatalog({ context }: MemoryScene): Promise<void> {
  context.catalog.forgetBackups();
  await rebuildCatalog({ ...context, jobs: [] }, noSignal);
}

export function storeOf({ stores }: MemoryScene, name = "replays"): MemoryStore {
  const store = stores.get(name);
  assert.ok(store);
  return store;
}

/** Changes one bit of a stored file; the returned function puts it back. */
export function rot(store: MemoryStore, name: string, { at = 3, mask = 1 } = {}): () => void {
  const file = store.files.get(name);
  assert.ok(file, `no ${name}`);
  const before = file.bytes;
  const rotten = Buffer.from(before);
  rotten.writeUInt8(rotten.readUInt8(at) ^ mask, at);
  file.bytes = rotten;
  return () => {
    file.bytes = before;
  };
}

export function namesOf(store: MemoryStore, part: string): readonly string[] {
  return [...store.files.keys()].filter((name) => name.includes(part));
}
