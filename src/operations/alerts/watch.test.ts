import assert from "node:assert/strict";
import { test } from "node:test";
import { createDrivenClock } from "../../../tests/fakes/driven-clock.ts";
import { createMemoryContext } from "../../../tests/fakes/memory-context.ts";
import { temporaryDirectory } from "../../../tests/servers/cleanup.ts";
import type { AlertFacts } from "../../domain/alerts/alert-facts.ts";
import { instant } from "../../domain/instant.ts";
import type { Context } from "../context.ts";
import { tell } from "./tell.ts";
import { watchWith } from "./watch.ts";

const start = instant(Date.UTC(2026, 10, 23, 1));
const yearMs = 365 * 86_400_000;

test("a watcher whose clock went back by a year delivers what was put off before, not a year later", async () => {
  const clock = createDrivenClock(start);
  const base = createMemoryContext({
    statePath: temporaryDirectory("watch"),
    jobs: [],
    destinations: [],
    clock,
  });
  let passes = 0;
  const context: Context = {
    ...base,
    alerts: {
      settings: { channels: [], rules: [], digest: { schedule: null, channels: null } },
      pinged: new Set(["job"]),
      timezone: "UTC",
      sender: async () => ({
        async deliverDue() {
          passes += 1;
        },
        close: () => undefined,
      }),
      startDelivery: () => undefined,
    },
  };
  const ping = { job: "job", kind: "fail", runId: "run", body: "" } as const;
  const createdAt = instant(start + yearMs);
  const content = { kind: "ping", ping } as const;
  context.catalog.enqueue({ channel: "ping:job", key: "job", content, createdAt, lapsesAt: null });
  const controller = new AbortController();
  const facts: AlertFacts = { now: start, host: "host", timezone: "UTC", extent: "part", jobs: [], disk: [] };
  const options = { once: false, intervalMs: 60_000, maxDeliveryMs: 0, onLook: () => undefined };
  const watching = watchWith(context, { ...options, signal: controller.signal }, async () => ({
    facts,
    exit: 0,
  }));
  await clock.pass(10_000);
  assert.ok(passes > 0, "nothing was tried");
  controller.abort();
  await watching;
});

test("what a run tells while a watcher looks is not taken back by what the watcher saw before it", async () => {
  const clock = createDrivenClock(start);
  const base = createMemoryContext({
    ...{ statePath: temporaryDirectory("watch"), jobs: [], destinations: [], clock },
  });
  const alerts = {
    settings: { channels: [], rules: [], digest: { schedule: null, channels: null } },
    ...{ pinged: new Set<string>(), timezone: "UTC", startDelivery: () => undefined },
    sender: async () => ({ deliverDue: async () => undefined, close: () => undefined }),
  };
  const context: Context = { ...base, alerts };
  const frame = { now: start, host: "host", timezone: "UTC", jobs: [] } as const;
  const failure = { code: "destination.missing", message: "it is gone", hint: null } as const;
  const sizes = { forecast: null, freeBytes: null, totalBytes: null };
  const disk = { destination: "store", location: "/store", failure, ...sizes };
  const gone: AlertFacts = { ...frame, extent: "part", disk: [disk] };
  const sound: AlertFacts = { ...frame, extent: "whole", disk: [{ ...disk, failure: null }] };
  let looks = 0;
  const options = { once: true, intervalMs: 60_000, maxDeliveryMs: 0, onLook: () => undefined };
  const report = await watchWith(context, { ...options, signal: new AbortController().signal }, async () => {
    looks += 1;
    if (looks > 1) return { facts: gone, exit: 0 };
    tell(context, alerts, { facts: gone, toldBefore: null }); // a run, after the watcher has looked
    return { facts: sound, exit: 0 };
  });
  assert.deepEqual([looks, report.told], [2, []]);
});
