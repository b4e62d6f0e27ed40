import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createFaultyDestination } from "../../../tests/fakes/faulty-destination.ts";
import { createMemoryDestination } from "../../../tests/fakes/memory-destination.ts";
import {
  backUp,
  type MemoryScene,
  noSignal,
  openMemoryScene,
  storeOf,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import { prune } from "../prune/prune.ts";
import { run } from "./run.ts";

async function runOnce({ context }: MemoryScene): Promise<RunReport> {
  const options = { jobs: ["capsule"], all: false, waitMs: 0, slot: null, signal: noSignal };
  const [report] = await run(context, options);
  assert.ok(report);
  return report;
}

async function verdictAt({ context }: MemoryScene, destination: string, id: string) {
  const there = context.destinations.get(destination);
  assert.ok(there);
  const manifest = await there.read(`${id}.manifest.json`);
  const signature = (await there.read(`${id}.manifest.json.minisig`)).toString("utf8");
  return context.signatures.check(manifest, signature);
}

test("a run signs its manifest at every destination, and the comment says of what", async () => {
  const scene = await openMemoryScene({ destinations: ["one", "two"] });
  await scene.context.signatures.generate();
  const { outcome, backup, runId } = await runOnce(scene);
  assert.equal(outcome, "complete");
  for (const destination of ["one", "two"]) {
    const verdict = await verdictAt(scene, destination, backup?.id ?? "");
    assert.ok(verdict.kind === "good");
    assert.match(
      verdict.trustedComment,
      new RegExp(`^codex-backup manifest of capsule/${backup?.id}, run ${runId},`),
    );
  }
});

test("without a key nothing is signed and nothing is missing", async () => {
  const scene = await openMemoryScene();
  assert.deepEqual((await runOnce(scene)).warnings, []);
  assert.equal(
    [...storeOf(scene).files.keys()].some((name) => name.endsWith(".minisig")),
    false,
  );
});

test("a key that cannot be used costs no backup, and the run says that it is unsigned", async () => {
  const scene = await openMemoryScene();
  await scene.context.signatures.generate();
  chmodSync(join(scene.context.statePath, "keys", "signing.key"), 0o644);
  const report = await runOnce(scene);
  assert.equal(report.outcome, "incomplete");
  assert.equal(report.exit, 3);
  assert.match(report.warnings.join(), /not signed: .*other users may read it/);
  assert.ok(storeOf(scene).files.has(`${report.backup?.id}.manifest.json`));
});

test("when the manifest cannot be put, the signature that was put before it is taken back", async () => {
  const bare = await openMemoryScene({ destinations: ["one"] });
  const store = createMemoryDestination({ name: "one" });
  await store.initialise();
  await bare.context.signatures.generate();
  const among = /\.manifest\.json$/;
  const scene = withMemoryDestination(
    bare,
    createFaultyDestination(store, [
      { method: "put", call: 1, kind: "fail", among },
      { method: "put", call: 2, kind: "fail", among },
    ]),
  );
  assert.equal((await runOnce(scene)).outcome, "failed");
  assert.deepEqual(
    [...store.store.files.keys()].filter((name) => !name.startsWith(".") && /capsule/.test(name)),
    [],
  );
});

test("a destination that drops out and is filled afterwards has the same signature", async () => {
  const bare = await openMemoryScene({ destinations: ["one", "two"] });
  const two = createMemoryDestination({ name: "two" });
  await two.initialise();
  await bare.context.signatures.generate();
  const lagging = { method: "sink.write", call: 1, kind: "fail", code: "destination.lagging" } as const;
  const scene = withMemoryDestination(bare, createFaultyDestination(two, [lagging]));
  const { backup, copies } = await runOnce(scene);
  assert.equal(copies.find(({ destination }) => destination === "two")?.late, true);
  assert.equal((await verdictAt(scene, "two", backup?.id ?? "")).kind, "good");
});

test("what is pruned takes its signature with it", async () => {
  const scene = await openMemoryScene();
  await scene.context.signatures.generate();
  const [first] = await backUp(scene);
  await backUp(scene);
  const jobs = scene.context.jobs.map((job) =>
    job.kind === "capsule" ? { ...job, keep: { ...job.keep, last: 1, minimum: 1 } } : job,
  );
  await prune({ ...scene.context, jobs }, { jobs: [], dryRun: false, yes: true, signal: noSignal });
  const left = [...storeOf(scene).files.keys()].filter((name) => name.includes(first));
  assert.deepEqual(left, []);
});
