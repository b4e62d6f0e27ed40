import assert from "node:assert/strict";
import { test } from "node:test";
import { type AnomalyKind, anomalyKinds } from "../../domain/anomalies/anomaly.ts";
import { speaksForNow } from "../../domain/anomalies/suspect.ts";
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

test("after a rebuild an encrypted backup that has shrunk to a tenth is found by its stored size", () => {
  const night = (at: number, sizeBytes: number, anomalies: readonly object[] = []) => {
    return {
      createdAt: instant(at),
      sizeBytes,
      outcome: "complete",
      adopted: false,
      accepted: false,
      anomalies,
    };
  };
  const gate = (storedBytes: number, isEncrypted: boolean) => {
    const catalog = {
      profiles: () => [],
      backups: () => [
        night(3, 40_000_000),
        night(2, 1, [{ kind: "size", message: "" }]),
        night(1, 40_000_000),
      ],
    };
    const context = { catalog, log: createSilentLog(), clock: { now: () => instant(9) } };
    const run = {
      job: { name: "database", encrypt: isEncrypted ? { recipients: [] } : null },
      startedAt: instant(8),
      producer: { kind: "postgres", database: "codexdb" },
    };
    const inspected = { content: new Map(), postgres: null, capsule: null, outcome: "complete" };
    const produced = { files: [{ path: "a", passed: { sizeBytes: storedBytes, sha256: "" } }] };
    // Only what the gate looks at.
    const gating = { produced, checked: { inspected }, durationMs: 1000 };
    return passGate(context as never, run as never, gating as never).anomalies.map(({ kind }) => kind);
  };
  assert.deepEqual(gate(4_000_000, true), ["size"]);
  assert.deepEqual(gate(39_000_000, true), []);
  assert.deepEqual(gate(4_000_000, false), [], "its manifests tell what is needed, so there is no history");
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

/** What the gate says of a backup like its `past` earlier ones, when one of these kinds stands before it. */
function gatedAfter(suspected: AnomalyKind | null, past: number, adoptedSince = false) {
  const profile = { durationMs: 1000, contentBytes: 0, parts: null };
  const anomalies = suspected === null ? [] : [{ kind: suspected, message: "as it was" }];
  const row = { outcome: "complete", createdAt: instant(1), adopted: false, accepted: false };
  const suspect = { ...row, id: "before", anomalies };
  const adopted = { ...row, id: "found", anomalies: [], adopted: true };
  const catalog = {
    profiles: () =>
      Array.from({ length: past }, () => ({ createdAt: instant(0), profile, isAccepted: false })),
    backups: () => (adoptedSince ? [adopted, suspect] : [suspect]),
  };
  const context = { catalog, log: createSilentLog(), clock: { now: () => instant(10) } };
  const run = {
    job: { name: "database" },
    startedAt: instant(2),
    producer: { kind: "postgres", database: "d" },
  };
  const inspected = { content: new Map(), postgres: null, capsule: null, outcome: "complete" };
  const gating = { produced: { files: [] }, checked: { inspected }, durationMs: 1000 };
  // Only what the gate looks at.
  return passGate(context as never, run as never, gating as never).anomalies.map(({ kind }) => kind);
}

test("a suspicion is handed on by a backup that nobody could compare, and ended by one that is as usual", () => {
  assert.deepEqual(gatedAfter("rows", 0), ["uncompared"], "as after a rebuilt catalog of an encrypted job");
  assert.deepEqual(gatedAfter("rows", 2), ["uncompared"], "too short a history for rows");
  assert.deepEqual(gatedAfter("rows", 3), []);
  assert.deepEqual(gatedAfter("size", 1), [], "what is gross is seen with one");
  assert.deepEqual(gatedAfter("uncompared", 2), ["uncompared"], "and handed on further");
  assert.deepEqual(gatedAfter("uncompared", 3), []);
  assert.deepEqual(gatedAfter(null, 0), [], "the first backup of all is nobody's suspicion");
});

test("an adopted file neither ends a suspicion nor speaks for how things are now", () => {
  assert.deepEqual(gatedAfter("tables", 0, true), ["uncompared"]);
  const complete = { createdAt: instant(1), outcome: "complete" } as const;
  assert.equal(speaksForNow({ ...complete, adopted: true }, instant(2)), false);
  assert.equal(speaksForNow({ ...complete, adopted: false }, instant(2)), true);
});
