import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  backUp,
  loseCatalog,
  namesOf,
  noSignal,
  onlyCopy,
  storeOf,
  verifyAll,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import { openDumpScene, proveOne, receiptsOf } from "../../../tests/fakes/proof-scene.ts";
import { Failure } from "../../domain/failure.ts";
import { instant } from "../../domain/instant.ts";
import { removeCopies } from "../prune/remove-copy.ts";

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

test("a destination that goes away while its copy is proven has not lost it: the catalog has the level, and nothing is laid there", async () => {
  let isAway = false;
  const scene = await openDumpScene({
    dumpedBack: (text) => {
      isAway = true;
      return text;
    },
  });
  const inner = scene.context.destinations.get("replays");
  assert.ok(inner);
  const away = new Failure("destination.missing", "Cannot use it: the share is away");
  const report = await proveOne(
    withMemoryDestination(scene, {
      ...inner,
      look: () => (isAway ? Promise.reject(away) : inner.look()),
      stat: (name) => (isAway ? Promise.resolve(null) : inner.stat(name)),
    }),
  );
  assert.deepEqual([report.outcome, report.level, report.receipt], ["proven", "proven", null]);
  assert.match(report.warnings.join(), /in the catalog only, not beside the copy: .*is away/);
  assert.deepEqual([onlyCopy(scene).level, receiptsOf(scene)], ["proven", []]);
});
