import assert from "node:assert/strict";
import { test } from "node:test";
import { createFaultyDestination } from "../../../tests/fakes/faulty-destination.ts";
import { createMemoryDestination } from "../../../tests/fakes/memory-destination.ts";
import {
  backUp,
  loseCatalog,
  type MemoryScene,
  noSignal,
  openMemoryScene,
  storeOf,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import type { SignatureReport } from "../../domain/signatures/signature-report.ts";
import { acceptGone } from "../accept-gone.ts";
import { type Context, jobNamed } from "../context.ts";
import type { VerifySignaturesOptions } from "../operation.ts";
import { prune } from "../prune/prune.ts";
import { run } from "../run/run.ts";
import { statusByCatalog } from "../status.ts";
import { verifySignatures } from "./verify-signatures.ts";

const all: VerifySignaturesOptions = { backups: [], job: null, signal: noSignal };

async function openSigned(count: number, destinations = ["replays"]): Promise<Signed> {
  const scene = await openMemoryScene({ destinations });
  await scene.context.signatures.generate();
  const ids: string[] = [];
  for (let made = 0; made < count; made += 1) ids.push((await backUp(scene))[0]);
  return { scene, ids };
}

interface Signed {
  readonly scene: MemoryScene;
  readonly ids: readonly string[];
}

/** What is wrong, as "kind id at destination"; the ids by their places in the list. */
async function wrongIn(context: Context, ids: readonly string[], options = all): Promise<readonly string[]> {
  const reports = await verifySignatures(context, options);
  assert.ok(reports.length > 0);
  for (const { outcome, exit, findings } of reports)
    assert.equal(exit === 4, outcome === "damaged" && findings.length > 0);
  return reports
    .filter(({ outcome }) => outcome !== "ok")
    .map((report) => `${whatOf(report)} ${ids.indexOf(report.backup)} at ${report.destination}`);
}

function whatOf({ findings, outcome }: SignatureReport): string {
  return findings.map(({ kind }) => kind).join("+") || outcome;
}

function edit(scene: MemoryScene, name: string, change: (text: string) => string): void {
  const file = storeOf(scene).files.get(name);
  assert.ok(file, name);
  file.bytes = Buffer.from(change(file.bytes.toString("utf8")));
}

function removeByHand(scene: MemoryScene, id: string, destination = "replays"): void {
  const { files } = storeOf(scene, destination);
  for (const name of [...files.keys()]) if (name.startsWith(id)) files.delete(name);
}

test("what runs have made is good at every destination, with the key that signed it", async () => {
  const { scene, ids } = await openSigned(3, ["one", "two"]);
  const reports = await verifySignatures(scene.context, all);
  const [key] = await scene.context.signatures.trusted();
  assert.equal(reports.length, 6);
  for (const { outcome, signedBy } of reports) assert.deepEqual([outcome, signedBy], ["ok", key?.keyId]);
  assert.deepEqual(new Set(reports.map(({ backup }) => backup)), new Set(ids));
});

test("without any key nothing can be said, and the command that makes one is", async () => {
  const scene = await openMemoryScene();
  await backUp(scene);
  await assert.rejects(verifySignatures(scene.context, all), {
    code: "signatures.key",
    hint: /keys generate/,
  });
});

test("a missing manifest is named, with the catalog and without it", async () => {
  const { scene, ids } = await openSigned(4);
  removeByHand(scene, ids[1] ?? "");
  assert.deepEqual(await wrongIn(scene.context, ids), ["missing 1 at replays"]);
  await loseCatalog(scene);
  assert.deepEqual(await wrongIn(scene.context, ids), ["missing 1 at replays"]);
});

test("the newest ones cut off are missed by the catalog", async () => {
  const { scene, ids } = await openSigned(4);
  for (const id of ids.slice(2)) removeByHand(scene, id);
  assert.deepEqual(await wrongIn(scene.context, ids), ["missing 2 at replays", "missing 3 at replays"]);
});

test("all of them gone is as many findings, not an empty answer", async () => {
  const { scene, ids } = await openSigned(2);
  for (const id of ids) removeByHand(scene, id);
  assert.deepEqual(await wrongIn(scene.context, ids), ["missing 0 at replays", "missing 1 at replays"]);
});

test("an edited manifest is named, also one whose own hashes were made to fit", async () => {
  const { scene, ids } = await openSigned(3);
  edit(scene, `${ids[1]}.manifest.json`, (text) => text.replace('"warnings": []', '"warnings": ["x"]'));
  assert.deepEqual(await wrongIn(scene.context, ids), ["edited 1 at replays"]);
});

test("a manifest that is none any more is told as unreadable", async () => {
  const { scene, ids } = await openSigned(2);
  edit(scene, `${ids[0]}.manifest.json`, (text) => text.slice(0, 50));
  assert.deepEqual(await wrongIn(scene.context, ids), ["unreadable 0 at replays"]);
});

test("a manifest replaced by another that is well signed is named by the catalog, and by what follows it", async () => {
  const { scene, ids } = await openSigned(3);
  const signer = await scene.context.signatures.signer();
  const name = `${ids[1]}.manifest.json`;
  edit(scene, name, (text) => text.replace('"warnings": []', '"warnings": ["x"]'));
  const bytes = storeOf(scene).files.get(name)?.bytes ?? Buffer.alloc(0);
  edit(scene, `${name}.minisig`, () => signer?.sign(bytes, "as if nothing had been") ?? "");
  assert.deepEqual(await wrongIn(scene.context, ids), ["replaced 1 at replays"]);
  await loseCatalog(scene);
  assert.deepEqual(await wrongIn(scene.context, ids), ["replaced 1 at replays"]);
});

test("two that changed places are both named", async () => {
  const { scene, ids } = await openSigned(4);
  const { files } = storeOf(scene);
  for (const ending of [".manifest.json", ".manifest.json.minisig"]) {
    const [a, b] = [`${ids[1]}${ending}`, `${ids[2]}${ending}`];
    const [first, second] = [files.get(a), files.get(b)];
    assert.ok(first && second);
    files.set(a, second).set(b, first);
  }
  assert.deepEqual(await wrongIn(scene.context, ids), ["reordered 1 at replays", "reordered 2 at replays"]);
});

test("a signature taken away is missed once there are signed ones before it; what came before the key is not", async () => {
  const scene = await openMemoryScene();
  const ids = [(await backUp(scene))[0]];
  await scene.context.signatures.generate();
  for (let made = 0; made < 2; made += 1) ids.push((await backUp(scene))[0]);
  assert.deepEqual(await wrongIn(scene.context, ids), ["unsigned 0 at replays"]);
  storeOf(scene).files.delete(`${ids[2]}.manifest.json.minisig`);
  const reports = await verifySignatures(scene.context, all);
  assert.deepEqual(
    reports.map(({ outcome }) => outcome),
    ["unsigned", "ok", "damaged"],
  );
});

test("signed by somebody else's key is not signed", async () => {
  const { scene, ids } = await openSigned(2);
  const other = await openMemoryScene();
  await other.context.signatures.generate();
  const strange = { ...scene.context, signatures: other.context.signatures };
  assert.deepEqual(await wrongIn(strange, ids), ["foreign 0 at replays", "foreign 1 at replays"]);
});

function keepingLast({ context }: MemoryScene, last: number): Context {
  const jobs = context.jobs.map((job) =>
    job.kind === "capsule" ? { ...job, keep: { ...job.keep, last, minimum: 1 } } : job,
  );
  return { ...context, jobs };
}

test("what policy removed is not missing: before the next manifest tells it, after, and long after", async () => {
  const { scene, ids } = await openSigned(5);
  const kept = keepingLast(scene, 3);
  await prune(kept, { jobs: [], dryRun: false, yes: true, signal: noSignal });
  assert.deepEqual(await wrongIn(kept, ids), []);
  for (let night = 0; night < 4; night += 1) {
    await backUp({ ...scene, context: kept });
    assert.deepEqual(await wrongIn(kept, ids), []);
  }
  await loseCatalog(scene); // the list of what went since the newest manifest is kept with the runs
  assert.deepEqual(await wrongIn(kept, ids), []);
});

test("the manifest that told of a removal may itself be removed: the next one tells it again", async () => {
  const { scene, ids } = await openSigned(3);
  const { context } = scene;
  const { hold } = await import("../hold.ts");
  await hold(context, { backup: ids[1] ?? "", who: "me", why: "kept for good" }); // it follows the first, which goes
  const kept = keepingLast(scene, 2);
  for (let night = 0; night < 6; night += 1) await backUp({ ...scene, context: kept });
  assert.equal(
    context.catalog.backups().some(({ id }) => id === ids[0]),
    false,
  );
  assert.equal(
    context.catalog.backups().some(({ id }) => id === ids[1]),
    true,
  );
  assert.deepEqual(await wrongIn(kept, ids), []);
});

test("a night that one destination missed is no gap in its chain", async () => {
  const { scene, ids } = await openSigned(1, ["one", "two"]);
  const [report] = await runWithFaultAt(scene, "two");
  const backup = report?.backup;
  assert.ok(backup);
  const last = await backUp(scene);
  assert.deepEqual(await wrongIn(scene.context, [...ids, backup.id, ...last]), []);
  await loseCatalog(scene);
  assert.deepEqual(await wrongIn(scene.context, [...ids, backup.id, ...last]), []);
});

async function runWithFaultAt(scene: MemoryScene, name: string) {
  const destination = scene.context.destinations.get(name);
  assert.ok(destination);
  const away = createFaultyDestination(destination, [{ method: "ready", call: 1, kind: "fail" }]);
  const { context } = withMemoryDestination(scene, away);
  const report = await run(context, { jobs: [], all: true, waitMs: 0, slot: null, signal: noSignal });
  scene.advance(60_000);
  return report;
}

test("a state that was lost does not end the chain: the next run goes on from what lies at the destination", async () => {
  const { scene, ids } = await openSigned(2);
  scene.context.catalog.forgetBackups(); // and nobody rebuilds it
  const [third] = await backUp(scene);
  const text = storeOf(scene).files.get(`${third}.manifest.json`)?.bytes.toString("utf8") ?? "";
  assert.equal(JSON.parse(text).previousId, ids[1]);
});

test("after a lost state, what stands is not noted as gone, and is missed when it is removed by hand", async () => {
  const { scene, ids } = await openSigned(2);
  scene.context.catalog.forgetBackups(); // and nobody rebuilds it
  for (let night = 0; night < 2; night += 1) {
    const [report] = await run(scene.context, {
      jobs: [],
      all: true,
      waitMs: 0,
      slot: null,
      signal: noSignal,
    });
    assert.deepEqual(report?.warnings, []);
    scene.advance(60_000);
  }
  removeByHand(scene, ids[1] ?? "");
  assert.deepEqual(await wrongIn(scene.context, ids), ["missing 1 at replays"]);
});

test("what was removed before the state was lost is noted by the next run, and told until it is accepted", async () => {
  const { scene, ids } = await openSigned(3);
  removeByHand(scene, ids[1] ?? "");
  await loseCatalog(scene);
  assert.deepEqual(await wrongIn(scene.context, ids), ["missing 1 at replays"]);
  const [report] = await run(scene.context, { jobs: [], all: true, waitMs: 0, slot: null, signal: noSignal });
  assert.match(
    report?.warnings.join() ?? "",
    new RegExp(`"${ids[1]}" once came before a backup that stands`),
  );
  assert.deepEqual(await wrongIn(scene.context, ids), ["missing 1 at replays"]);
  await loseCatalog(scene);
  const [status] = statusByCatalog(scene.context, jobNamed(scene.context, "capsule"));
  assert.match(
    status?.concerns.map(({ message }) => message).join() ?? "",
    new RegExp(`"${ids[1]}" is gone`),
  );
  const request = { backup: `capsule/${ids[1]}`, who: "me", why: "it was mine" };
  await acceptGone(scene.context, request);
  await backUp(scene); // its manifest tells it from now on, to a new catalog as well
  await loseCatalog(scene);
  assert.deepEqual(await wrongIn(scene.context, ids), []);
  assert.deepEqual(statusByCatalog(scene.context, jobNamed(scene.context, "capsule"))[0]?.concerns, []);
  await assert.rejects(acceptGone(scene.context, request), { code: "usage.unknown-backup" });
});

test("a destination that is away is not looked at, and nothing is called missing", async () => {
  const { scene } = await openSigned(2, ["one", "two"]);
  const two = scene.context.destinations.get("two") ?? createMemoryDestination({ name: "two" });
  const away = createFaultyDestination(two, [
    { method: "look", call: 1, kind: "fail", code: "destination.missing" },
  ]);
  const reports = await verifySignatures(withMemoryDestination(scene, away).context, all);
  const [failed, ...others] = reports.toSorted((a, b) => (a.outcome < b.outcome ? -1 : 1));
  assert.deepEqual([failed?.outcome, failed?.exit, failed?.destination], ["failed", 1, "two"]);
  assert.deepEqual(
    others.map(({ outcome }) => outcome),
    ["ok", "ok"],
  );
});

test("another disk under the destination's name is told, not taken for a loss of everything", async () => {
  const { scene } = await openSigned(1);
  storeOf(scene).id = "another-disk";
  const reports = await verifySignatures(scene.context, all);
  assert.deepEqual(
    reports.map(({ outcome, failure }) => [outcome, failure?.code]),
    [["failed", "destination.sentinel-foreign"]],
  );
});

test("a backup that was named is answered for alone", async () => {
  const { scene, ids } = await openSigned(3);
  removeByHand(scene, ids[0] ?? "");
  const named = { ...all, backups: [ids[2] ?? ""] };
  assert.deepEqual(await wrongIn(scene.context, ids, named), []);
  await assert.rejects(verifySignatures(scene.context, { ...all, backups: ["nothing"] }), {
    code: "usage.unknown-backup",
  });
  await assert.rejects(verifySignatures(scene.context, { ...all, job: "nothing" }), {
    code: "usage.unknown-job",
  });
});

test("the receipt of a proof is judged too: changed, unsigned, or of another manifest", async () => {
  const { scene, ids } = await openSigned(1);
  const signer = await scene.context.signatures.signer();
  const { files } = storeOf(scene);
  const put = (name: string, text: string) => files.set(name, { bytes: Buffer.from(text), modifiedMs: 0 });
  const name = `${ids[0]}.proof-20261123T010000Z.json`;
  const manifestSha256 = scene.context.catalog.backups()[0]?.manifestSha256 ?? "";
  const receipt = (sha256: string) => JSON.stringify({ ...proof, manifestSha256: sha256 });
  const sign = (text: string) => signer?.sign(Buffer.from(text), "proof") ?? "";
  put(name, receipt(manifestSha256));
  assert.deepEqual(await wrongIn(scene.context, ids), ["unsigned 0 at replays"]);
  put(`${name}.minisig`, sign(receipt(manifestSha256)));
  assert.deepEqual(await wrongIn(scene.context, ids), []);
  put(name, receipt(manifestSha256).replace("proven", "failed"));
  assert.deepEqual(await wrongIn(scene.context, ids), ["edited 0 at replays"]);
  put(name, receipt("0".repeat(64)));
  put(`${name}.minisig`, sign(receipt("0".repeat(64))));
  assert.deepEqual(await wrongIn(scene.context, ids), ["replaced 0 at replays"]);
});

test("the receipt of a proof that was removed by hand is missing, before a run has seen it and after, until accepted", async () => {
  const { scene, ids: made } = await openSigned(2);
  const ids = [...made];
  const name = `${ids[0]}.proof-20261123T010000Z.json`;
  const { manifestSha256 } = scene.context.catalog.backup("capsule", ids[0] ?? "") ?? {};
  const bytes = Buffer.from(JSON.stringify({ ...proof, manifestSha256 }));
  const signer = await scene.context.signatures.signer();
  const signature = Buffer.from(signer?.sign(bytes, "proof") ?? "");
  const { files } = storeOf(scene);
  files.set(name, { bytes, modifiedMs: 0 });
  files.set(`${name}.minisig`, { bytes: signature, modifiedMs: 0 });
  ids.push(...(await backUp(scene)));
  assert.deepEqual(await wrongIn(scene.context, ids), []);
  files.delete(name);
  files.delete(`${name}.minisig`);
  assert.deepEqual(await wrongIn(scene.context, ids), ["missing 0 at replays"]);
  ids.push(...(await backUp(scene)));
  const [lacking] = (await verifySignatures(scene.context, all)).filter(({ exit }) => exit === 4);
  assert.deepEqual([lacking?.file, lacking?.findings.length], [name, 1]);
  await acceptGone(scene.context, { who: "me", why: "on purpose", backup: ids[0] ?? "" });
  assert.deepEqual(await wrongIn(scene.context, ids), []);
});

const proof = {
  ...{ format: "codex-backup-proof", version: 1, backup: "b", job: "capsule", database: null },
  ...{
    destinationId: "id",
    startedAt: "a",
    finishedAt: "2026-11-23T01:00:00.000Z",
    outcome: "proven",
    server: null,
    durationMs: 1,
  },
  ...{ restoreMs: 1, contentBytes: 1, openedBy: null, compared: {}, tables: [], differences: [] },
  ...{ unproven: [], assertions: [], warnings: [], failure: null, tool: "0" },
};
