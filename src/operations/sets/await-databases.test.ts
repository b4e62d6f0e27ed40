import assert from "node:assert/strict";
import { test } from "node:test";
import { openMemoryScene } from "../../../tests/fakes/memory-scene.ts";
import { capsuleJob, localSource, postgresJob } from "../../../tests/fakes/real-context.ts";
import type { RunRow } from "../../catalog/catalog.ts";
import { Failure } from "../../domain/failure.ts";
import { instant } from "../../domain/instant.ts";
import type { Context } from "../context.ts";
import { awaitDatabases } from "./await-databases.ts";

const source = localSource({ socketDirectory: "/s", port: 1, user: "u" });
const capsule = capsuleJob("/tree", { set: "night", schedule: "0 2 * * *" });
const noon = instant(Date.UTC(2026, 10, 23, 12));
const two = instant(Date.UTC(2026, 10, 23, 2));

/** Jobs of one set, on a clock whose waits are over at once and add up. */
async function sceneAt(now: typeof noon): Promise<Context & { waitedMs(): number }> {
  const { context } = await openMemoryScene();
  let elapsedMs = 0;
  const clock = {
    now: () => instant(now + elapsedMs),
    monotonicMs: () => elapsedMs,
    after(delayMs: number, call: () => void) {
      elapsedMs += delayMs;
      const timer = setImmediate(call);
      return () => clearImmediate(timer);
    },
  };
  const jobs = [capsule, postgresJob(source, { set: "night", schedule: "0 2 * * *" })];
  return { ...context, clock, jobs, waitedMs: () => elapsedMs };
}

function runRow(context: Context): RunRow {
  const { host } = context;
  return {
    ...{ runId: "r1", job: "database", database: "codexdb", slot: null, startedAt: context.clock.now() },
    ...{ finishedAt: null, outcome: null, backupId: null, failure: null, warnings: [], summary: "running" },
    ...{ pid: host.pid, bootId: host.bootId, host: host.name },
  };
}

test("files are not walked while a database of the set is being dumped", async () => {
  const context = await sceneAt(noon);
  const row = runRow(context);
  context.catalog.startRun(row);
  let touched = 0;
  await awaitDatabases(context, capsule, {
    slot: null,
    signal: new AbortController().signal,
    touch: () => {
      touched += 1;
      if (touched < 400) return; // longer than it would wait for one that has not begun
      context.catalog.updateRun({ ...row, finishedAt: context.clock.now(), outcome: "complete" });
    },
  });
  assert.equal(touched, 400);
});

test("a dump that died is not waited for, and an interruption ends the wait", async () => {
  const context = await sceneAt(noon);
  context.catalog.startRun({ ...runRow(context), bootId: "another boot" });
  const wait = { slot: null, signal: new AbortController().signal, touch: () => undefined };
  await awaitDatabases(context, capsule, wait);
  context.catalog.startRun({ ...runRow(context), runId: "r2" });
  const stop = new AbortController();
  const reason = new Failure("run.cancelled", "Cannot go on: stopped");
  const touch = () => stop.abort(reason);
  await assert.rejects(awaitDatabases(context, capsule, { slot: null, signal: stop.signal, touch }), reason);
});

test("at its slot it waits two minutes for a database that is due as well, by hand and later not at all", async () => {
  const { signal } = new AbortController();
  const touch = () => undefined;
  const due = await sceneAt(two);
  await awaitDatabases(due, capsule, { slot: two, signal, touch });
  assert.ok(due.waitedMs() >= 120_000 && due.waitedMs() < 125_000, `${due.waitedMs()}`);
  const byHand = await sceneAt(two);
  await awaitDatabases(byHand, capsule, { slot: null, signal, touch });
  const later = await sceneAt(noon);
  await awaitDatabases(later, capsule, { slot: noon, signal, touch });
  assert.deepEqual([byHand.waitedMs(), later.waitedMs()], [0, 0]);
});
