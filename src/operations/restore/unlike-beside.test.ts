import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { capsuleJob, createRealContext } from "../../../tests/fakes/real-context.ts";
import { temporaryDirectory } from "../../../tests/servers/cleanup.ts";
import type { Manifest } from "../../domain/backups/manifest.ts";
import { formatManifest, parseManifest } from "../../domain/backups/manifest-text.ts";
import type { Context } from "../context.ts";
import { createOperations } from "../create-operations.ts";
import type { Operations } from "../operation.ts";
import { sealText } from "../run/seal.ts";

const signal = new AbortController().signal;

interface Scene {
  readonly home: string;
  readonly context: Context;
  readonly operations: Operations;
  readonly id: string;
}

/** One capsule at its destination. */
async function scene(t: TestContext, isSigned: boolean): Promise<Scene> {
  const home = temporaryDirectory("unlike-beside");
  mkdirSync(join(home, "tree"));
  writeFileSync(join(home, "tree/audit.log"), "one\n");
  const jobs = [capsuleJob(join(home, "tree"))];
  const context = createRealContext({ home, jobs, destinations: ["replays"] });
  t.after(() => context.catalog.close());
  const operations = createOperations(context);
  await operations.initialiseDestinations([]);
  if (isSigned) await context.signatures.generate();
  await operations.run({ jobs: ["capsule"], all: false, slot: null, waitMs: 0, signal });
  const [row] = context.catalog.backups();
  assert.ok(row);
  return { home, context, operations, id: row.id };
}

function onStick({ home }: Scene): string {
  const stick = join(home, "stick");
  cpSync(join(home, "replays"), stick, { recursive: true });
  return stick;
}

/** Another manifest, and a NAME.sha256 that speaks of it. */
function forge(folder: string, id: string, change: Partial<Manifest> = {}): void {
  const manifestPath = join(folder, `${id}.manifest.json`);
  const manifest = parseManifest(readFileSync(manifestPath), manifestPath);
  const forged = { ...manifest, labels: { forged: "yes" }, ...change };
  const text = formatManifest(forged);
  writeFileSync(manifestPath, text);
  writeFileSync(join(folder, `${id}.sha256`), sealText(forged, text).ownHashText);
}

function restore({ operations, home, id }: Scene, folder: string, dryRun = false) {
  return operations.restore({
    ...{ backup: join(folder, `${id}.zip`), to: join(home, "out"), overwrite: null, only: [] },
    ...{ roles: "missing", withoutOwners: false, job: null, dryRun, signal },
  });
}

async function assertRefused(made: Scene, folder: string, said: RegExp): Promise<void> {
  for (const dryRun of [true, false]) {
    await assert.rejects(restore(made, folder, dryRun), { code: "backup.mismatch", message: said });
  }
  assert.ok(!readdirSync(made.home).includes("out"));
}

test("a copy elsewhere, as it was made, is restored", async (t) => {
  const made = await scene(t, true);
  const report = await restore(made, onStick(made));
  assert.ok(report.kind === "capsule" && report.isRestored);
});

test("a manifest beside the file that is not the one a trusted key signed is refused", async (t) => {
  const made = await scene(t, true);
  const stick = onStick(made);
  forge(stick, made.id, { startedAt: "2026-01-01T00:00:00.000Z" });
  await assertRefused(made, stick, /its manifest is not the one that key [0-9A-F]{16} signed/);
});

test("the signature beside a dump is looked at before its server is", async (t) => {
  const made = await scene(t, true);
  const stick = onStick(made);
  const zip = join(stick, `${made.id}.zip`);
  writeFileSync(join(stick, `${made.id}.sql`), readFileSync(zip));
  const manifestPath = join(stick, `${made.id}.manifest.json`);
  const { files, ...others } = parseManifest(readFileSync(manifestPath), manifestPath);
  const dump = files.map((file) => ({ ...file, path: `${made.id}.sql`, role: "dump" as const }));
  writeFileSync(
    manifestPath,
    formatManifest({ ...others, kind: "postgres", database: "shop", capsule: null, files: dump }),
  );
  await assert.rejects(
    made.operations.restore({
      ...{ backup: join(stick, `${made.id}.sql`), to: "shop", overwrite: null, only: [] },
      ...{ roles: "missing", withoutOwners: false, job: null, dryRun: false, signal },
    }),
    { code: "backup.mismatch", message: /signed/ },
  );
});

test("a manifest that NAME.sha256 beside it contradicts is refused, also where nothing is signed", async (t) => {
  const made = await scene(t, false);
  const stick = onStick(made);
  const ownHash = readFileSync(join(stick, `${made.id}.sha256`));
  forge(stick, made.id, { startedAt: "2026-01-01T00:00:00.000Z" });
  writeFileSync(join(stick, `${made.id}.sha256`), ownHash);
  await assertRefused(made, stick, /\.sha256" and the manifest disagree about "/);
});

test("of the copy at a destination, and of what was carried away of it, the catalog knows the manifest", async (t) => {
  const made = await scene(t, false);
  const stick = onStick(made);
  forge(stick, made.id);
  await assertRefused(made, stick, /not the one that the catalog saw/);
  const replays = join(made.home, "replays");
  forge(replays, made.id, { job: "another", startedAt: "2026-01-01T00:00:00.000Z" });
  await assertRefused(made, replays, /not the one that the catalog saw/);
});

test("a copy that was found damaged is refused by its path as by its name", async (t) => {
  const made = await scene(t, false);
  const stick = onStick(made);
  const [row] = made.context.catalog.backups();
  const [copy] = row?.copies ?? [];
  assert.ok(copy);
  made.context.catalog.putCopy({ ...copy, state: "damaged" });
  await assertRefused(made, join(made.home, "replays"), /at "replays", was found damaged/);
  await restore(made, stick);
});

test("where no key is trusted and nobody knows the backup, it is taken as it is", async (t) => {
  const made = await scene(t, true);
  const stick = onStick(made);
  forge(stick, made.id, { startedAt: "2026-01-01T00:00:00.000Z" });
  rmSync(join(made.home, "state/keys"), { recursive: true });
  const report = await restore(made, stick);
  assert.ok(report.kind === "capsule" && report.isRestored);
});

test("a copy at its destination that is not the one that was signed and recorded is refused by its name too", async (t) => {
  const made = await scene(t, true);
  forge(join(made.home, "replays"), made.id);
  const { operations, home, id } = made;
  const byName = operations.restore({
    ...{ backup: id, to: join(home, "out"), overwrite: null, only: [] },
    ...{ roles: "missing", withoutOwners: false, job: null, dryRun: false, signal },
  });
  await assert.rejects(byName, {
    code: "backup.mismatch",
    message: /not the one that key [0-9A-F]{16} signed/,
  });
  assert.ok(!readdirSync(home).includes("out"));
});
