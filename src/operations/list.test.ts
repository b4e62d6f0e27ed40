import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { capsuleJob, createRealContext } from "../../tests/fakes/real-context.ts";
import { temporaryDirectory } from "../../tests/servers/cleanup.ts";
import { createOperations } from "./create-operations.ts";
import { listBackups } from "./list.ts";

test("a job that left the config is listed while its backups are there; one that never was is refused", async (t) => {
  const home = temporaryDirectory("list");
  mkdirSync(join(home, "tree"));
  writeFileSync(join(home, "tree/audit.log"), "one\n");
  const job = capsuleJob(join(home, "tree"));
  const context = createRealContext({ home, jobs: [job], destinations: ["replays"] });
  t.after(() => context.catalog.close());
  const operations = createOperations(context);
  await operations.initialiseDestinations([]);
  assert.deepEqual(listBackups(context, { job: "capsule", limit: null }), [], "none yet is no mistake");
  const { signal } = new AbortController();
  await operations.run({ jobs: ["capsule"], all: false, waitMs: 0, slot: null, signal });
  const without = { ...context, jobs: [] };
  assert.equal(listBackups(without, { job: "capsule", limit: null }).length, 1);
  assert.throws(() => listBackups(without, { job: "nope", limit: null }), { code: "usage.unknown-job" });
});
