import assert from "node:assert/strict";
import { test } from "node:test";
import { noSignal, openMemoryScene, withMemoryDestination } from "../../../tests/fakes/memory-scene.ts";
import { capsuleJob } from "../../../tests/fakes/real-context.ts";
import { neverProven } from "../../domain/jobs/prove-settings.ts";
import { run } from "./run.ts";

test("an incomplete run counts what lacks, not who may look in, and says why nothing is proven", async () => {
  const prove = { ...neverProven, afterEach: true };
  const plain = await openMemoryScene({ jobs: (root) => [capsuleJob(root, { requiredCopies: 2, prove })] });
  const [destination] = plain.context.destinations.values();
  assert.ok(destination);
  const ready: typeof destination.ready = async () => {
    return { ...(await destination.ready()), warnings: ["every user can look into it"] };
  };
  const { context } = withMemoryDestination(plain, { ...destination, ready });
  const reports = await run(context, { jobs: [], all: true, waitMs: 0, slot: null, signal: noSignal });
  assert.equal(reports.length, 1);
  assert.equal(reports[0]?.outcome, "incomplete");
  assert.match(reports[0]?.summary ?? "", /, 1 gap$/);
  assert.deepEqual(reports[0]?.warnings, [
    "every user can look into it",
    "1 of 2 required copies",
    "no proof is made of it: with after: each only complete backups are proven",
  ]);
});
