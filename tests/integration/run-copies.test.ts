import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseManifest } from "../../src/domain/backups/manifest-text.ts";
import type { PostgresJob } from "../../src/domain/jobs/job.ts";
import type { RunReport } from "../../src/domain/runs/run-report.ts";
import { createFaultyDestination, type FaultKind, type FaultyMethod } from "../fakes/faulty-destination.ts";
import { createPlainCapsules } from "../fakes/plain-capsules.ts";
import { capsuleJob, postgresJob } from "../fakes/real-context.ts";
import { loadCodex } from "../fixtures/codex.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { sourceOf } from "./postgres-at.ts";
import {
  assertFailed,
  assertSound,
  assertSoundDirectory,
  assertUntouched,
  hastyClock,
  openScene,
  published,
  runOne,
  runWell,
  type Scene,
  withDestination,
  withJobs,
} from "./run-scene.ts";

let server: PostgresTestServer;

before(async () => {
  server = await startPostgres();
  await loadCodex(server, { rows: 200 });
});

after(() => server.stop());

/** For runs at something that hangs: half of the stall is the patience with one answer. */
const hastyStallMs = 1600;
/** Ten seconds are the grace for a destination that is behind. */
const hasty = hastyClock(new Map([[10_000, 300]]));

type Names = readonly string[];

async function capsulesTo(to: Names): Promise<Scene> {
  const scene = await openScene({ jobs: [capsuleJob("/tree", { to })], destinations: to });
  const capsules = createPlainCapsules(Buffer.alloc(20_000, "replay"));
  return { ...scene, context: { ...scene.context, capsules } };
}

/** The same machine, run by somebody with little patience. */
function inHaste(scene: Scene): Scene {
  const jobs = scene.context.jobs.map((job) => ({ ...job, stallMs: hastyStallMs }));
  return { ...scene, context: { ...scene.context, jobs, clock: hasty } };
}

function dumpsTo(to: Names, given: Partial<PostgresJob> = {}): Promise<Scene> {
  return openScene({ jobs: [postgresJob(sourceOf(server), { to, ...given })], destinations: to });
}

interface Case {
  readonly method: FaultyMethod;
  readonly kind: FaultKind;
  readonly calls: readonly number[];
}

function breakAt(scene: Scene, { method, kind, calls }: Case) {
  const inner = scene.context.destinations.get("bad");
  assert.ok(inner);
  const bad = createFaultyDestination(
    inner,
    calls.map((call) => ({ method, kind, call })),
  );
  const broken = withDestination(kind === "hang" ? inHaste(scene) : scene, bad);
  return { broken, hasStruck: () => bad.pending().length < calls.length };
}

/** Every manifest at the bad destination stands for a whole backup, and what the report says of it is so. */
async function assertTruthful(scene: Scene, report: RunReport): Promise<void> {
  await assertSoundDirectory(join(scene.home, "good"));
  assertManifestsWhole(join(scene.home, "bad"));
  const copies = new Map(report.copies.map((copy) => [copy.destination, copy]));
  assert.deepEqual([copies.get("good")?.level, copies.get("good")?.failure], ["read", null]);
  if (copies.get("bad")?.failure !== null) return assert.match(report.warnings.join(), /no copy at "bad"/);
  assert.ok(existsSync(join(scene.home, "bad", report.backup?.manifest ?? "")), "the copy that is claimed");
}

function assertManifestsWhole(directory: string): void {
  for (const name of readdirSync(directory).filter((each) => each.endsWith(".manifest.json"))) {
    for (const { path, sizeBytes } of parseManifest(readFileSync(join(directory, name)), name).files)
      assert.equal(readFileSync(join(directory, path)).length, sizeBytes, `${path} of ${name}`);
  }
}

/** Says which case it was. */
async function inCase(what: string, work: () => Promise<unknown>): Promise<void> {
  await work().catch((error: Error) => {
    throw new Error(`${what}: ${error.message}`, { cause: error });
  });
}

/** One run with a broken destination beside a good one, and one that heals. */
async function assertOtherCopyStands(scene: Scene, faults: Case): Promise<void> {
  const before = published(scene);
  const { broken, hasStruck } = breakAt(scene, faults);
  const report = await runOne(broken);
  const told = report.failure?.message ?? report.warnings.join("; ");
  await inCase(`${faults.method} ${faults.kind} ${faults.calls.join()} (${told})`, async () => {
    assert.ok(hasStruck(), "the fault struck");
    assert.ok(report.outcome === "complete" || report.outcome === "incomplete", report.outcome);
    await assertTruthful(scene, report);
    await runWell(scene);
    await assertSound(scene);
    assertUntouched(before);
  });
}

/** One run with only a broken destination: it succeeds or leaves nothing; and one that heals. */
async function assertAllOrNothing(scene: Scene, faults: Case): Promise<void> {
  const before = published(scene);
  const { broken, hasStruck } = breakAt(scene, faults);
  const report = await runOne(broken);
  const told = report.failure?.message ?? report.warnings.join("; ");
  await inCase(`${faults.method} ${faults.kind} ${faults.calls.join()} (${told})`, async () => {
    assert.ok(hasStruck(), "the fault struck");
    assertManifestsWhole(join(scene.home, "bad"));
    if (report.failure) assertFailed(scene, report, report.failure.code, report.exit);
    // One that does what it is told is left clean at once; one that only half does, by the next run.
    const isObedient = faults.kind === "fail" && !["stat", "sync"].includes(faults.method);
    if (report.failure && isObedient) await assertSound(scene);
    else assert.ok(existsSync(join(scene.home, "bad", report.backup?.manifest ?? "")), "what it claims");
    await runWell(scene);
    await assertSound(scene);
    assertUntouched(before);
  });
}

const always = Array.from({ length: 30 }, (_, index) => index + 1);
/** What it had begun is lost with an answer, so that these never come late. */
const opening: readonly FaultyMethod[] = ["stage", "readBack"];
const writing: readonly FaultyMethod[] = ["sink.write", "sink.finish", "put", "checksums.add"];
const asking: readonly FaultyMethod[] = ["ready", "list", "listStaged", "publish", "stat", "sync"];

function casesOf(method: FaultyMethod): readonly Case[] {
  return [
    { method, kind: "fail", calls: [1] },
    { method, kind: "fail", calls: always },
    ...(opening.includes(method) ? [] : [{ method, kind: "late", calls: always } as const]),
    ...(writing.includes(method) ? [{ method, kind: "full", calls: always } as const] : []),
    { method, kind: "hang", calls: always },
  ];
}

for (const method of [...opening, ...writing, ...asking]) {
  test(`a destination that breaks at ${method} costs its own copy only`, async () => {
    const scene = await capsulesTo(["good", "bad"]);
    await runWell(scene);
    for (const faults of casesOf(method)) await assertOtherCopyStands(scene, faults);
    // The first one listed is the one whose bytes are looked into.
    const reversed = withJobs(scene, [capsuleJob("/tree", { to: ["bad", "good"] })]);
    await assertOtherCopyStands(reversed, { method, kind: "fail", calls: always });
  });
}

for (const order of [
  ["good", "bad"],
  ["bad", "good"],
]) {
  test(`a destination that returns other bytes costs its own copy only (${order.join(" before ")})`, async () => {
    const scene = await capsulesTo(order);
    for (const kind of ["rot", "cut"] as const) {
      await assertOtherCopyStands(scene, { method: "readBack", kind, calls: [1] });
      await assertOtherCopyStands(scene, { method: "readBack", kind, calls: always });
    }
    await assertOtherCopyStands(scene, { method: "sink.write", kind: "short", calls: [1] });
  });
}

for (const method of [...opening, ...writing, ...asking].filter((each) => each !== "listStaged")) {
  test(`a single destination that breaks at ${method} has the whole backup or nothing of it`, async () => {
    const scene = await capsulesTo(["bad"]);
    await runWell(scene);
    for (const faults of casesOf(method)) await assertAllOrNothing(scene, faults);
  });
}

test("a dump's three files are published together or not at all", async () => {
  const scene = await dumpsTo(["bad"]);
  for (const call of [2, 3]) {
    const last = Array.from({ length: 30 }, (_, index) => call + index);
    await assertAllOrNothing(scene, { method: "publish", kind: "fail", calls: last });
    await assertAllOrNothing(scene, { method: "stage", kind: "fail", calls: [call] });
  }
  for (const call of [1, 2])
    await assertAllOrNothing(scene, { method: "put", kind: "full", calls: [call, 3, 4] });
});

for (const compress of ["zstd", "gzip", "none"] as const) {
  test(`a dump that comes back with other bytes costs that copy only (${compress})`, async () => {
    const scene = await dumpsTo(["bad", "good"], { compress });
    for (const kind of ["rot", "cut"] as const) {
      await assertOtherCopyStands(scene, { method: "readBack", kind, calls: [1] });
      await assertOtherCopyStands(scene, { method: "readBack", kind, calls: always });
    }
  });
}
