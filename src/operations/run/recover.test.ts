import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { createFaultyDestination } from "../../../tests/fakes/faulty-destination.ts";
import { createMemoryDestination, type MemoryStore } from "../../../tests/fakes/memory-destination.ts";
import { createPlainCapsules } from "../../../tests/fakes/plain-capsules.ts";
import { capsuleJob, createRealContext } from "../../../tests/fakes/real-context.ts";
import { temporaryDirectory } from "../../../tests/servers/cleanup.ts";
import type { Destination } from "../../destinations/destination.ts";
import { Failure } from "../../domain/failure.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import { createLog } from "../../platform/log.ts";
import type { Context } from "../context.ts";
import { writeJournal } from "./journal.ts";
import { run } from "./run.ts";

const content = Buffer.from("what the capsule holds\n".repeat(1000));
const job = capsuleJob("/nowhere", { to: ["one"] });
let context: Context;
let one: Destination & { readonly store: MemoryStore };

beforeEach(async () => {
  one = createMemoryDestination({ name: "one" });
  await one.initialise();
  const home = temporaryDirectory("recover");
  const real = createRealContext({ home, jobs: [job], destinations: [] });
  context = { ...real, capsules: createPlainCapsules(content), destinations: new Map([["one", one]]) };
});

async function runJob(
  destination: Destination = one,
  signal = new AbortController().signal,
): Promise<RunReport> {
  const destinations = new Map([[destination.name, destination]]);
  const [report] = await run(
    { ...context, destinations },
    { jobs: ["capsule"], all: false, waitMs: 0, slot: null, signal },
  );
  assert.ok(report);
  return report;
}

function openJournals(): readonly string[] {
  return readdirSync(join(context.statePath, "work")).filter((name) => name.endsWith(".journal.json"));
}

/** As a death between the journal and the first link leaves it: every byte staged, nothing published. */
async function dieBeforePublishing(): Promise<{
  readonly id: string;
  readonly zip: string;
  readonly key: string;
}> {
  const { backup, runId } = await runJob();
  assert.ok(backup);
  const [zip = ""] = backup.files.map((file) => file.path);
  const key = `${zip}\0${runId}`;
  const { files, staged } = one.store;
  const manifestText = (await one.read(backup.manifest)).toString("utf8");
  const ownHashText = (await one.read(`${backup.id}.sha256`)).toString("utf8");
  const signature = `${backup.manifest}.minisig`;
  const signatureText = files.get(signature)?.bytes.toString("utf8") ?? null;
  staged.set(key, files.get(zip) ?? { bytes: Buffer.alloc(0), modifiedMs: 0 });
  for (const name of [zip, backup.manifest, `${backup.id}.sha256`, signature]) files.delete(name);
  await one.checksums?.drop([zip, backup.manifest]);
  await writeJournal(context.statePath, {
    version: 1,
    runId,
    job: "capsule",
    database: null,
    id: backup.id,
    files: [zip],
    destinations: [{ name: "one", id: "id-of-one", beside: [] }],
    manifestText,
    ownHashText,
    signatureText,
  });
  context.catalog.forgetBackups();
  return { id: backup.id, zip, key };
}

test("what a dead run had ready is finished by the next, which then makes its own", async () => {
  const { id, zip } = await dieBeforePublishing();
  const report = await runJob();
  assert.equal(report.outcome, "complete");
  assert.deepEqual(await one.read(zip), content);
  assert.deepEqual(
    context.catalog
      .backups()
      .map((row) => row.id)
      .sort(),
    [id, report.backup?.id].sort(),
  );
  assert.deepEqual(openJournals(), []);
});

test("what is finished later bears the signature that its own run gave it, also when the key is gone by then", async () => {
  await context.signatures.generate();
  const { id } = await dieBeforePublishing();
  rmSync(join(context.statePath, "keys", "signing.key"));
  await runJob();
  const manifest = await one.read(`${id}.manifest.json`);
  const signature = (await one.read(`${id}.manifest.json.minisig`)).toString("utf8");
  assert.equal((await context.signatures.check(manifest, signature)).kind, "good");
});

test("a dead run's signature is removed with the rest when its backup cannot be finished", async () => {
  await context.signatures.generate();
  const { id, key } = await dieBeforePublishing();
  const { signatureText } = JSON.parse(await journalText());
  const name = `${id}.manifest.json.minisig`;
  await one.put(name, Buffer.from(signatureText), "run");
  one.store.staged.delete(key);
  await runJob();
  assert.notEqual(one.store.files.get(name)?.bytes.toString("utf8"), signatureText);
  assert.deepEqual(openJournals(), []);
});

test("when it cannot be finished tonight, its staged bytes wait for the next night", async () => {
  const { id, key } = await dieBeforePublishing();
  const flaky = createFaultyDestination(one, [{ method: "ready", call: 1, kind: "fail" }]);
  const report = await runJob(flaky);
  assert.equal(report.outcome, "complete");
  assert.ok(one.store.staged.has(key), "the staged bytes were swept");
  assert.equal(openJournals().length, 1);
  await runJob();
  assert.ok(context.catalog.backup("capsule", id));
  assert.deepEqual(openJournals(), []);
});

test("an interruption while it is being finished leaves it for the next night", async () => {
  const { id, key } = await dieBeforePublishing();
  const controller = new AbortController();
  const reason = new Failure("run.interrupted", "Cannot finish: it was asked to end");
  const stopping: Destination = {
    ...one,
    ready: async () => {
      controller.abort(reason);
      throw reason;
    },
  };
  await runJob(stopping, controller.signal);
  assert.ok(one.store.staged.has(key), "the staged bytes were swept");
  await runJob();
  assert.ok(context.catalog.backup("capsule", id));
});

test("another disk under the destination's name finishes nothing and forgets nothing", async () => {
  const { id } = await dieBeforePublishing();
  const away = one.store.id;
  one.store.id = "another-disk";
  await runJob();
  assert.equal(openJournals().length, 1);
  one.store.id = away;
  context.catalog.forgetBackups();
  await runJob();
  assert.ok(context.catalog.backup("capsule", id));
});

test("a manifest that stands without its file is told as damage, not recorded as whole", async () => {
  const { id, zip, key } = await dieBeforePublishing();
  const { manifestText } = JSON.parse(await journalText());
  await one.put(`${id}.manifest.json`, Buffer.from(manifestText), "run");
  one.store.staged.delete(key);
  assert.equal(one.store.files.has(zip), false);
  await runJob();
  const copies = context.catalog.backup("capsule", id)?.copies.map((copy) => copy.state);
  assert.deepEqual(copies, ["damaged"]);
});

async function journalText(): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return readFile(join(context.statePath, "work", openJournals()[0] ?? ""), "utf8");
}

test("a name whose file was removed by hand is not used again, so no entry calls good bytes damaged", async () => {
  const fixed = { ...job, nameTemplate: "{job}_{date}" };
  context = { ...context, jobs: [fixed] };
  const first = await runJob();
  for (const { path } of first.backup?.files ?? []) one.store.files.delete(path);
  one.store.files.delete(first.backup?.manifest ?? "");
  one.store.files.delete(`${first.backup?.id}.sha256`);
  const second = await runJob();
  assert.equal(second.outcome, "complete");
  assert.notEqual(second.backup?.id, first.backup?.id);
});

test("a run whose log cannot be kept is made all the same", async () => {
  context = {
    ...context,
    openRunLog: () => {
      throw new Error("no space left");
    },
  };
  assert.equal((await runJob()).outcome, "complete");
});

test("what recovery did stands in the report, the row and the log of the run that followed", async () => {
  const { id } = await dieBeforePublishing();
  const logged: string[] = [];
  const streams = [{ write: (line: string) => logged.push(line) }];
  const log = createLog({ level: "debug", streams, secrets: () => [] });
  context = { ...context, openRunLog: () => ({ log, close: () => undefined }) };
  const report = await runJob();
  const told = new RegExp(`finished "${id}" at "one", which run .* had begun`);
  assert.equal(report.outcome, "complete");
  assert.match(report.warnings.join("\n"), told);
  assert.deepEqual(context.catalog.run(report.runId)?.warnings, report.warnings);
  const messages = logged.map((line): string => JSON.parse(line).msg);
  assert.match(messages.join("\n"), told);
  assert.deepEqual((await runJob()).warnings, []);
});
