import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  backUp,
  loseCatalog,
  type MemoryScene,
  namesOf,
  noSignal,
  onlyCopy,
  openMemoryScene,
  rot,
  storeOf,
  verifyAll,
  verifyOne,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import {
  type PlainThrowawayOptions,
  type PlainThrowaways,
  withPlainThrowaways,
} from "../../../tests/fakes/plain-throwaway.ts";
import { capsuleJob, localSource, postgresJob } from "../../../tests/fakes/real-context.ts";
import { formatManifest } from "../../domain/backups/manifest-text.ts";
import { Failure } from "../../domain/failure.ts";
import { instant } from "../../domain/instant.ts";
import type { PostgresJob } from "../../domain/jobs/job.ts";
import { parseProofReceipt } from "../../domain/proofs/proof-receipt.ts";
import type { ProofReport } from "../../domain/proofs/proof-report.ts";
import type { ProveOptions } from "../operation.ts";
import { proofsPath } from "../proofs-path.ts";
import { removeCopies } from "../prune/remove-copy.ts";
import { readStoredBackup } from "../stored-backup.ts";
import { underProofLock } from "./proof-lock.ts";
import { prove } from "./prove.ts";

interface DumpScene extends MemoryScene {
  readonly id: string;
  readonly counts: PlainThrowaways["counts"];
}

/** One backup of one table with two rows. */
async function openDumpScene(
  options: PlainThrowawayOptions = {},
  given: Partial<PostgresJob> = {},
  destinations: readonly string[] = ["replays"],
): Promise<DumpScene> {
  const source = localSource({ socketDirectory: "/nowhere", port: 5432, user: "codex" });
  const job = postgresJob(source, { to: destinations, ...given });
  const scene = await openMemoryScene({ jobs: () => [job], destinations });
  const { context, counts } = withPlainThrowaways(scene.context, options);
  const dumps = { ...scene, context };
  const [id] = await backUp(dumps);
  return { ...dumps, id, counts };
}

async function proveAll(
  scene: MemoryScene,
  changes: Partial<ProveOptions> = {},
): Promise<readonly ProofReport[]> {
  scene.advance(60_000);
  return prove(scene.context, {
    ...{ backups: [], job: null, latest: false, all: true, destination: null },
    ...{ identityFile: null, server: null, waitMs: 0, signal: noSignal, ...changes },
  });
}

async function proveOne(scene: MemoryScene, changes: Partial<ProveOptions> = {}): Promise<ProofReport> {
  const [report, second] = await proveAll(scene, changes);
  assert.ok(report);
  assert.equal(second, undefined);
  return report;
}

function destinationOf({ context }: MemoryScene) {
  const [destination] = context.destinations.values();
  assert.ok(destination);
  return destination;
}

function receiptsOf(scene: MemoryScene, store = "replays") {
  return namesOf(storeOf(scene, store), ".proof-").map((name) =>
    parseProofReceipt(storeOf(scene, store).files.get(name)?.bytes.toString() ?? ""),
  );
}

test("a backup that comes back equal is proven: level, time, history and receipt, also without the catalog", async () => {
  const scene = await openDumpScene();
  const report = await proveOne(scene);
  assert.deepEqual(
    [report.outcome, report.exit, report.level, report.failure],
    ["proven", 0, "proven", null],
  );
  assert.deepEqual(report.tables, [{ schema: "public", name: "audit_logs", rows: 2, match: true }]);
  assert.deepEqual([report.server, report.warnings], ["PostgreSQL 15.20, plain", ["a notice"]]);
  assert.deepEqual(scene.counts, { opened: 1, closed: 1, swept: 1 });
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
  assert.equal(scene.counts.opened, 1);
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

test("a receipt that came along from another copy, or speaks of another manifest, is not believed", async () => {
  const scene = await openDumpScene({}, {}, ["replays", "far"]);
  await proveOne(scene, { destination: "far" });
  const [name = ""] = namesOf(storeOf(scene, "far"), ".proof-");
  const file = storeOf(scene, "far").files.get(name);
  assert.ok(file);
  storeOf(scene).files.set(name, file);
  file.bytes = Buffer.from(file.bytes.toString().replace(/"manifestSha256": "./, '"manifestSha256": "_'));
  await loseCatalog(scene);
  const levels = scene.context.catalog.backups().flatMap(({ copies }) => copies.map(({ level }) => level));
  assert.ok(!levels.includes("proven"), levels.join());
  assert.equal(scene.context.catalog.backups()[0]?.provenAt, null);
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

test("a receipt that cannot be written is a warning, and the catalog keeps the result", async () => {
  const scene = await openDumpScene();
  const inner = scene.context.destinations.get("replays");
  assert.ok(inner);
  const put = () => Promise.reject(new Failure("destination.not-writable", "Cannot write: read-only"));
  const report = await proveOne({ ...scene, ...withMemoryDestination(scene, { ...inner, put }) });
  assert.deepEqual([report.outcome, report.receipt], ["proven", null]);
  assert.match(report.warnings.join(), /not beside the copy: .*read-only/);
  assert.equal(onlyCopy(scene).level, "proven");
});

test("a copy that is removed while it is proven is not called into being again", async () => {
  const scene = await openDumpScene({
    dumpedBack: (text) => {
      const { catalog } = scene.context;
      catalog.putCopy({ ...onlyCopy(scene), state: "removing" });
      return text;
    },
  });
  const report = await proveOne(scene);
  assert.match(report.warnings.join(), /removed while it was proven/);
  assert.deepEqual([onlyCopy(scene).state, receiptsOf(scene)], ["removing", []]);
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

test("a receipt is signed by our key, and goes with its signature when the backup is pruned", async () => {
  const scene = await openDumpScene();
  const { signatures } = scene.context;
  await signatures.generate();
  await proveOne(scene);
  const { files } = storeOf(scene);
  const [name = "", signature = ""] = namesOf(storeOf(scene), ".proof-").toSorted();
  assert.equal(signature, `${name}.minisig`);
  const bytes = files.get(name)?.bytes ?? Buffer.alloc(0);
  const verdict = await signatures.check(bytes, files.get(signature)?.bytes.toString() ?? "");
  assert.equal(verdict.kind, "good");
  assert.match(
    "trustedComment" in verdict ? verdict.trustedComment : "",
    /^codex-backup proof of .*, proven, 20/,
  );
  const [job] = scene.context.jobs;
  assert.ok(job?.kind === "postgres");
  const copies = [{ id: scene.id, destination: "replays" }];
  const [removal] = await removeCopies(scene.context, job, { copies, signal: noSignal });
  assert.deepEqual([removal?.failure, namesOf(storeOf(scene), scene.id)], [null, []]);
});

test("a proof that our key has not signed lifts no copy once there is a key, and one that finds damage still counts", async () => {
  const scene = await openDumpScene();
  await scene.context.signatures.generate();
  const [id] = await backUp(scene);
  await proveOne(scene, { backups: [id], all: false });
  const { files } = storeOf(scene);
  const [name = "", signature = ""] = namesOf(storeOf(scene), `${id}.proof-`).toSorted();
  const [receipt, seal] = [files.get(name), files.get(signature)];
  assert.ok(receipt && seal);
  const isProven = async () => {
    await loseCatalog(scene);
    return scene.context.catalog.backups().find((row) => row.id === id)?.provenAt !== null;
  };
  assert.equal(await isProven(), true);
  const genuine = receipt.bytes;
  receipt.bytes = Buffer.from(genuine.toString("utf8").replace('"rows": 2', '"rows": 3'));
  assert.equal(await isProven(), false); // edited
  receipt.bytes = genuine;
  files.delete(signature);
  assert.equal(await isProven(), false); // not signed, though its backup is
  files.set(signature, seal);
  assert.equal(await isProven(), true);
  const damage = { code: "proof.mismatch", message: "it differs", hint: null };
  const text = JSON.stringify({
    ...JSON.parse(genuine.toString("utf8")),
    outcome: "mismatch",
    failure: damage,
  });
  receipt.bytes = Buffer.from(text);
  await loseCatalog(scene);
  const copies = scene.context.catalog.backups().find((row) => row.id === id)?.copies;
  assert.equal(copies?.[0]?.state, "damaged");
});

test("a proof counts the same content as the backup's own profile, so that a restore of as much takes as long", async () => {
  const scene = await openDumpScene();
  await proveOne(scene);
  const [row] = scene.context.catalog.backups();
  assert.ok(row);
  const before = instant(scene.context.clock.now() + 1);
  const { job, database } = row;
  const [known] = scene.context.catalog.profiles({ job, database, before, limit: 1 });
  assert.equal(receiptsOf(scene)[0]?.contentBytes, known?.profile.contentBytes);
});

test("a manifest that is not the one that our key signed is never proven, though all else was made to fit it", async () => {
  const scene = await openDumpScene();
  await scene.context.signatures.generate();
  const [id] = await backUp(scene);
  const { files } = storeOf(scene);
  const [manifest, own] = [files.get(`${id}.manifest.json`), files.get(`${id}.sha256`)];
  assert.ok(manifest && own);
  const hashOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  const before = hashOf(manifest.bytes);
  manifest.bytes = Buffer.from(manifest.bytes.toString("utf8").replace('"version": "', '"version": "9'));
  assert.notEqual(hashOf(manifest.bytes), before);
  own.bytes = Buffer.from(own.bytes.toString("utf8").replace(before, hashOf(manifest.bytes)));
  await loseCatalog(scene);
  const report = await proveOne(scene, { backups: [id], all: false });
  assert.deepEqual([report.outcome, report.exit], ["mismatch", 4]);
  assert.match(report.differences.join(), /not the one that key [0-9A-F]+ signed/);
  assert.equal(scene.counts.opened, 0);
  const checked = (await verifyAll(scene, "hashed")).find(({ backup }) => backup === id);
  assert.equal(checked?.outcome, "damaged"); // nor does a check clear it
});

test("a key that cannot be used leaves a receipt without a signature, and a warning", async () => {
  const scene = await openDumpScene();
  const signer = () =>
    Promise.reject(new Failure("signatures.key", "Cannot read the key: others may read it"));
  const context = { ...scene.context, signatures: { ...scene.context.signatures, signer } };
  const report = await proveOne({ ...scene, context });
  assert.deepEqual([report.outcome, report.receipt !== null], ["proven", true]);
  assert.match(report.warnings.join(), /not signed: .*others may read it/);
});

test("one byte changed inside a capsule is found and named, though every CRC and hash of the zip was made anew", async () => {
  const files = { root: "" };
  const jobs = (root: string) => {
    files.root = root;
    return [capsuleJob(root)];
  };
  const scene = await openMemoryScene({ isReal: true, jobs });
  const file = join(files.root, "one.txt");
  utimesSync(file, 1_700_000_000, 1_700_000_000);
  const [id] = await backUp(scene);
  writeFileSync(file, "onE\n");
  utimesSync(file, 1_700_000_000, 1_700_000_000);
  const [other] = await backUp(scene);
  const store = storeOf(scene);
  const zip = store.files.get(`${other}.zip`);
  assert.ok(zip);
  store.files.set(`${id}.zip`, zip);
  const sha256 = createHash("sha256").update(zip.bytes).digest("hex");
  const sums = { sizeBytes: zip.bytes.length, sha256 };
  const { manifest } = await readStoredBackup(destinationOf(scene), id);
  const text = formatManifest({
    ...manifest,
    files: manifest.files.map((one) => ({ ...one, ...sums, content: sums })),
  });
  const manifestSha256 = createHash("sha256").update(text).digest("hex");
  const put = (name: string, content: string) =>
    store.files.set(name, { bytes: Buffer.from(content), modifiedMs: 0 });
  put(`${id}.manifest.json`, text);
  put(`${id}.sha256`, `${sha256}  ${id}.zip\n${manifestSha256}  ${id}.manifest.json\n`);
  await loseCatalog(scene);
  const report = await proveOne(scene, { all: false, backups: [id] });
  assert.deepEqual([report.outcome, report.exit], ["mismatch", 4]);
  assert.deepEqual(report.differences, ["file one.txt differs in its content"]);
});

test("a capsule is extracted and every file compared; the scratch directory goes, whatever its modes", async () => {
  const scene = await openMemoryScene({
    isReal: true,
    jobs: (root) => {
      mkdirSync(join(root, "closed"));
      writeFileSync(join(root, "closed", "two.txt"), "two\n", { mode: 0o400 });
      return [capsuleJob(root)];
    },
  });
  const [id] = await backUp(scene);
  const report = await proveOne(scene);
  assert.deepEqual([report.outcome, report.differences, report.level], ["proven", [], "proven"]);
  assert.deepEqual(report.compared, { files: 2, directories: 1, links: 0, bytes: 8 });
  assert.deepEqual(readdirSync(proofsPath(scene.context)), []);
  assert.equal(onlyCopy(scene).backupId, id);
});
