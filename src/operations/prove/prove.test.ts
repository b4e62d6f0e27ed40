import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  backUp,
  loseCatalog,
  noSignal,
  onlyCopy,
  rot,
  storeOf,
  verifyOne,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import { openDumpScene, proveAll, proveOne, receiptsOf } from "../../../tests/fakes/proof-scene.ts";
import { Failure } from "../../domain/failure.ts";
import { proofsPath } from "../proofs-path.ts";
import { underProofLock } from "./proof-lock.ts";

test("a backup that comes back equal is proven: level, time, history and receipt, also without the catalog", async () => {
  const scene = await openDumpScene();
  const report = await proveOne(scene);
  assert.deepEqual(
    [report.outcome, report.exit, report.level, report.failure],
    ["proven", 0, "proven", null],
  );
  assert.deepEqual(report.tables, [{ schema: "public", name: "audit_logs", rows: 2, match: true }]);
  assert.deepEqual([report.server, report.warnings], ["PostgreSQL 15.20, plain", ["a notice"]]);
  assert.deepEqual(scene.counts, { opened: 1, restored: 1, closed: 1, swept: 1 });
  const [receipt] = receiptsOf(scene);
  assert.deepEqual([receipt?.outcome, receipt?.destinationId], ["proven", "id-of-replays"]);
  const [row] = scene.context.catalog.backups();
  assert.equal(row?.provenAt, Date.parse(receipt?.finishedAt ?? ""));
  await loseCatalog(scene);
  assert.deepEqual(
    [onlyCopy(scene).level, scene.context.catalog.backups()[0]?.provenAt],
    ["proven", row?.provenAt],
  );
});

test("what comes back otherwise is a mismatch: the copy is damaged, and only another proof clears it", async () => {
  let isBroken = true;
  const scene = await openDumpScene({
    dumpedBack: (text) => (isBroken ? text.replace("2\ttwo\n", "") : text),
  });
  const report = await proveOne(scene);
  assert.deepEqual([report.outcome, report.exit, report.level], ["mismatch", 4, "unknown"]);
  assert.deepEqual(report.differences, ["rows of public.audit_logs differ (2 recorded, 1 restored)"]);
  assert.deepEqual([onlyCopy(scene).state, onlyCopy(scene).failure?.code], ["damaged", "proof.mismatch"]);
  const verified = await verifyOne(scene, "read");
  assert.equal(verified.outcome, "damaged");
  assert.match(verified.differences.join(), /codex-backup prove/);
  await loseCatalog(scene);
  assert.deepEqual([onlyCopy(scene).state, onlyCopy(scene).failure?.code], ["damaged", "proof.mismatch"]);
  assert.equal((await verifyOne(scene, "read")).outcome, "damaged");
  isBroken = false;
  assert.equal((await proveOne(scene, { all: false, backups: [scene.id] })).outcome, "proven");
  assert.deepEqual([onlyCopy(scene).state, onlyCopy(scene).level], ["whole", "proven"]);
  await loseCatalog(scene);
  assert.deepEqual([onlyCopy(scene).state, onlyCopy(scene).level], ["whole", "proven"]);
});

test("a later mismatch takes the proof away, with the catalog and without", async () => {
  let isBroken = false;
  const scene = await openDumpScene({ dumpedBack: (text) => (isBroken ? text.replace("one", "uno") : text) });
  await proveOne(scene);
  isBroken = true;
  assert.equal((await proveOne(scene)).outcome, "mismatch");
  assert.equal(scene.context.catalog.backups()[0]?.provenAt, null);
  await loseCatalog(scene);
  assert.deepEqual([scene.context.catalog.backups()[0]?.provenAt, onlyCopy(scene).state], [null, "damaged"]);
  assert.equal(scene.context.catalog.proofs({ backupId: scene.id }).length, 2);
});

test("bytes that rotted are found before anything is restored, and a check clears them once they are mended", async () => {
  const scene = await openDumpScene();
  await proveOne(scene);
  const mend = rot(storeOf(scene), `${scene.id}.sql`);
  const report = await proveOne(scene);
  assert.deepEqual([report.outcome, report.exit, report.failure?.code], ["mismatch", 4, "backup.mismatch"]);
  assert.deepEqual([scene.counts.restored, scene.counts.closed], [1, 2]);
  assert.equal(onlyCopy(scene).state, "damaged");
  mend();
  assert.equal((await verifyOne(scene, "hashed")).outcome, "ok");
  assert.equal(onlyCopy(scene).state, "whole");
});

test("damage that is found after a proof is not silenced by it", async () => {
  const scene = await openDumpScene();
  await proveOne(scene);
  rot(storeOf(scene), `${scene.id}.sql`);
  assert.equal((await verifyOne(scene)).outcome, "damaged");
  await loseCatalog(scene);
  assert.equal(onlyCopy(scene).state, "damaged");
});

test("a proof that fails changes nothing, and the server is removed", async () => {
  const failure = new Failure("postgres.restore-failed", "Cannot restore: ERROR");
  let isBroken = false;
  const scene = await openDumpScene({
    dumpedBack: (text) => {
      if (isBroken) throw failure;
      return text;
    },
  });
  await proveOne(scene);
  const before = scene.context.catalog.backups();
  isBroken = true;
  const report = await proveOne(scene);
  assert.deepEqual(
    [report.outcome, report.exit, report.failure?.code],
    ["failed", 1, "postgres.restore-failed"],
  );
  assert.deepEqual([scene.counts.opened, scene.counts.closed], [2, 2]);
  assert.deepEqual(scene.context.catalog.backups(), before);
  await loseCatalog(scene);
  assert.equal(onlyCopy(scene).level, "proven");
});

test("a dump that is cut off on its way back says nothing against the copy", async () => {
  const scene = await openDumpScene({ dumpedBack: (text) => text.slice(0, -60) });
  const report = await proveOne(scene);
  assert.deepEqual([report.outcome, report.failure?.code], ["failed", "postgres.throwaway"]);
  assert.equal(onlyCopy(scene).state, "whole");
});

test("a dump that is found to be other than was recorded while it is restored is damage", async () => {
  const restore = () =>
    Promise.reject(new Failure("postgres.dump-unreadable", "Cannot restore: it is not what was backed up"));
  const scene = await openDumpScene({ restore });
  const report = await proveOne(scene);
  assert.deepEqual([report.outcome, report.exit, onlyCopy(scene).state], ["mismatch", 4, "damaged"]);
});

test("assertions that are false, null or without an answer are named, and the copy is restored", async () => {
  const answers = { a: "t", b: "f", c: null, d: new Error("no such column") };
  const scene = await openDumpScene({ answers }, { assertions: ["a", "b", "c", "d"] });
  const report = await proveOne(scene);
  assert.deepEqual([report.outcome, report.exit, report.failure?.code], ["mismatch", 4, "proof.assertion"]);
  assert.deepEqual(report.assertions, [
    { sql: "a", outcome: "true", message: null },
    { sql: "b", outcome: "false", message: "f" },
    { sql: "c", outcome: "false", message: "null" },
    { sql: "d", outcome: "failed", message: "no such column" },
  ]);
  assert.deepEqual([onlyCopy(scene).state, onlyCopy(scene).level], ["whole", "restored"]);
  assert.equal(scene.context.catalog.backups()[0]?.provenAt, null);
  await loseCatalog(scene);
  assert.deepEqual([onlyCopy(scene).state, onlyCopy(scene).level], ["whole", "restored"]);
});

test("the copy at a named destination is proven, and a name without a copy is refused", async () => {
  const scene = await openDumpScene({}, {}, ["replays", "far"]);
  const report = await proveOne(scene, { destination: "far" });
  assert.equal(report.destination, "far");
  const copies = scene.context.catalog.backups().flatMap((row) => row.copies);
  assert.deepEqual(copies.map(({ destination, level }) => [destination, level]).toSorted(), [
    ["far", "proven"],
    ["replays", "read"],
  ]);
  assert.equal((await proveOne(scene, { destination: "nowhere" })).failure?.code, "usage.invalid-value");
});

test("while one proof is at it a second one is busy, and what a dead one left is swept", async () => {
  const scene = await openDumpScene();
  const left = join(proofsPath(scene.context), "capsule-dead", "closed");
  mkdirSync(left, { recursive: true });
  writeFileSync(join(left, "file"), "x");
  await underProofLock(scene.context, { waitMs: 0, signal: noSignal }, async () => {
    await assert.rejects(proveOne(scene), (error) => error instanceof Failure && error.code === "run.busy");
  });
  assert.ok(!existsSync(left));
  assert.equal((await proveOne(scene)).outcome, "proven");
});

test("who gives up gets the reason of it, and no receipt says that anything was proven", async () => {
  const controller = new AbortController();
  const reason = new Failure("run.cancelled", "Cannot go on: asked to end");
  const scene = await openDumpScene({
    dumpedBack: (text) => {
      controller.abort(reason);
      return text;
    },
  });
  await assert.rejects(proveOne(scene, { signal: controller.signal }), reason);
  assert.deepEqual([receiptsOf(scene), scene.counts.closed], [[], 1]);
});

test("names that say nothing, two things, or of what nothing is good are refused", async () => {
  const scene = await openDumpScene();
  for (const wish of [
    { all: false },
    { latest: true },
    { backups: [scene.id] },
    { job: "other" },
    { all: false, backups: ["x"] },
  ])
    await assert.rejects(
      proveAll(scene, wish),
      (error) => error instanceof Failure && error.meaning.exit === 2,
    );
  rot(storeOf(scene), `${scene.id}.sql`);
  await verifyOne(scene);
  await assert.rejects(
    proveAll(scene),
    (error) => error instanceof Failure && error.code === "usage.unknown-backup",
  );
});

test("the newest good backup of each database is the latest", async () => {
  const scene = await openDumpScene();
  const [second] = await backUp(scene);
  const reports = await proveAll(scene, { all: false, latest: true });
  assert.deepEqual(
    reports.map(({ backup }) => backup),
    [second],
  );
  assert.equal((await proveAll(scene, { job: "database" })).length, 2);
  assert.equal((await proveAll(scene, { all: false, job: "database" })).length, 1);
});

test("a destination that is away, named or not, is a failed proof and no damage", async () => {
  const scene = await openDumpScene();
  const inner = scene.context.destinations.get("replays");
  assert.ok(inner);
  const look = () => Promise.reject(new Failure("destination.missing", "Cannot use it: the share is away"));
  const away = withMemoryDestination(scene, { ...inner, look, stat: async () => null });
  for (const destination of [null, "replays"]) {
    const report = await proveOne(away, { destination });
    assert.deepEqual(
      [report.outcome, report.exit, report.failure?.code],
      ["failed", 1, "destination.missing"],
    );
    assert.match(report.failure?.message ?? "", /the share is away/);
  }
  assert.equal(onlyCopy(scene).state, "whole");
});

test("a disk that becomes full while something is restored is named, with what is needed", async () => {
  const restore = () =>
    Promise.reject(
      new Failure("postgres.restore-failed", "Cannot restore: no space", { context: { sqlstate: "53100" } }),
    );
  const scene = await openDumpScene({ restore });
  const report = await proveOne(scene);
  assert.deepEqual([report.outcome, report.failure?.code], ["failed", "proof.space"]);
  const message = report.failure?.message ?? "";
  assert.ok(message.includes(`in "${proofsPath(scene.context)}": it needs about 134 MB`), message);
  assert.match(message, /its disk became full meanwhile/);
});
