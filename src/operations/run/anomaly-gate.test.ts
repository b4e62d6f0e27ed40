import assert from "node:assert/strict";
import { test } from "node:test";
import { anomalyKinds } from "../../domain/anomalies/anomaly.ts";
import { instant } from "../../domain/instant.ts";
import { createSilentLog } from "../../platform/log.ts";
import { passGate, publicAnomalies } from "./anomaly-gate.ts";

test("the manifest of an encrypted backup names no table and no number of its content", () => {
  const secret = anomalyKinds.map((kind) => ({ kind, message: "table public.mergers has 12 rows" }));
  assert.equal(publicAnomalies(secret, false), secret);
  const told = publicAnomalies(secret, true);
  assert.deepEqual(
    told.map(({ kind }) => kind),
    anomalyKinds,
  );
  for (const { message } of told) assert.doesNotMatch(message, /mergers|\d/);
});

test("a backup whose history cannot be read is suspect, and still a backup", () => {
  const catalog = {
    profiles: () => {
      throw new Error("disk I/O error");
    },
  };
  const context = { catalog, log: createSilentLog() };
  const run = {
    job: { name: "database" },
    startedAt: instant(0),
    producer: { kind: "postgres", database: "codexdb" },
  };
  const inspected = { content: new Map(), postgres: null, capsule: null, outcome: "complete" };
  const gating = { produced: { files: [] }, checked: { inspected }, durationMs: 1000 };
  // Only what the gate looks at.
  const { anomalies } = passGate(context as never, run as never, gating as never);
  assert.deepEqual(
    anomalies.map(({ kind }) => kind),
    ["uncompared"],
  );
});
