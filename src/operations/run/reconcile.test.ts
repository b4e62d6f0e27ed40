import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { backUp, noSignal, openMemoryScene, storeOf } from "../../../tests/fakes/memory-scene.ts";
import { formatInstant } from "../../domain/instant.ts";
import { tryFileLock } from "../../platform/file-lock.ts";
import { reconcile } from "./reconcile.ts";

test("at a start, runs that died are closed as failed and what they staged is swept; a job that is at work is left alone", async () => {
  const scene = await openMemoryScene();
  const { context } = scene;
  const [id] = await backUp(scene);
  const [done] = context.catalog.runs();
  assert.ok(done);
  const runId = "20261123T010000Z-abcdef";
  context.catalog.startRun({ ...done, runId, finishedAt: null, outcome: null, bootId: "an earlier boot" });
  const [destination] = context.destinations.values();
  assert.ok(destination);
  await destination.stage("half.zip", runId);
  const holder = { host: "h", bootId: "b", pid: 1, runId: "r", since: formatInstant(context.clock.now()) };
  const lock = tryFileLock(join(context.statePath, "locks", "capsule.db"), holder);
  assert.ok(lock.kind === "held");
  assert.deepEqual(await reconcile(context, noSignal), [], "another process is at this job");
  assert.equal((await destination.listStaged()).length, 1);
  lock.lock.release();
  const lines = await reconcile(context, noSignal);
  assert.match(lines.join("\n"), /^capsule: removed "half\.zip", left unfinished/);
  assert.equal(context.catalog.run(runId)?.failure?.code, "run.died");
  assert.deepEqual(await destination.listStaged(), []);
  assert.ok(
    [...storeOf(scene).files.keys()].some((name) => name.startsWith(id)),
    "the good one stands",
  );
});
