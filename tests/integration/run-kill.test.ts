import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseBackupFile } from "../../src/domain/backups/backup-file.ts";
import type { Manifest } from "../../src/domain/backups/manifest.ts";
import { parseManifest } from "../../src/domain/backups/manifest-text.ts";
import type { RunReport } from "../../src/domain/runs/run-report.ts";
import { createPlainCapsules } from "../fakes/plain-capsules.ts";
import { capsuleJob, postgresJob } from "../fakes/real-context.ts";
import { loadCodex } from "../fixtures/codex.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { sourceOf } from "./postgres-at.ts";
import type { ChildSettings } from "./run-child.ts";
import {
  assertSound,
  assertUntouched,
  leftWork,
  openScene,
  published,
  runWell,
  type Scene,
  sha256,
} from "./run-scene.ts";

let server: PostgresTestServer;

before(async () => {
  server = await startPostgres();
  await loadCodex(server, { rows: 5000 });
});

after(() => server.stop());

const compileCache = process.env.NODE_COMPILE_CACHE ?? temporaryDirectory("compile-cache");
const script = fileURLToPath(new URL("./run-child.ts", import.meta.url));

interface ChildRun {
  readonly child: ChildProcess;
  readonly begun: Promise<void>;
  /** All that it printed. */
  readonly ended: Promise<string>;
}

function startRun(scene: Scene, given: Partial<ChildSettings> = {}): ChildRun {
  const destinations = scene.directories.map((path) => path.slice(scene.home.length + 1));
  const settings = {
    home: scene.home,
    destinations,
    source: null,
    killAtCall: null,
    isLate: false,
    ...given,
  };
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", script, JSON.stringify(settings)],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    },
  );
  let printed = "";
  const ended = new Promise<string>((resolve) => child.once("close", () => resolve(printed)));
  const begun = new Promise<void>((resolve) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      printed += chunk;
      if (printed.includes("begun")) resolve();
    });
    child.once("close", () => resolve());
  });
  return { child, begun, ended };
}

/**
 * What a killed run may leave: whole backups; files that a journal explains, with the bytes of its manifest;
 * hidden ones. Nothing half-written bears a final name.
 */
function assertExplained(scene: Scene): void {
  const journals = leftWork(scene).filter((name) => name.endsWith(".journal.json"));
  const planned = journals.map((name) => {
    const text = readFileSync(join(scene.home, "state", "work", name), "utf8");
    return parseManifest(Buffer.from(JSON.parse(text).manifestText), name);
  });
  for (const directory of scene.directories) {
    const names = readdirSync(directory).filter((name) => parseBackupFile(name) !== null);
    const written = names
      .filter((name) => name.endsWith(".manifest.json"))
      .map((name) => parseManifest(readFileSync(join(directory, name)), name));
    for (const manifest of written) assertStands(directory, manifest, () => true);
    const unfinished = planned.filter(({ id }) => !written.some((manifest) => manifest.id === id));
    for (const manifest of unfinished) assertStands(directory, manifest, (name) => names.includes(name));
    const explained = new Set([...written, ...unfinished].map(({ id }) => id));
    assert.deepEqual(
      names.filter((name) => !explained.has(parseBackupFile(name)?.base ?? "")),
      [],
    );
  }
}

function assertStands(directory: string, manifest: Manifest, isExpected: (name: string) => boolean): void {
  for (const file of manifest.files.filter(({ path }) => isExpected(path)))
    assert.equal(sha256(readFileSync(join(directory, file.path))), file.sha256, file.path);
}

/** Every run that was killed has a row that says so; none is left open. */
function assertRowsClosed(scene: Scene): void {
  const { catalog } = scene.context;
  assert.deepEqual(catalog.runs({ unfinishedOnly: true }), []);
  for (const run of catalog.runs().filter(({ outcome }) => outcome !== "complete"))
    assert.deepEqual([run.outcome, run.failure?.code], ["failed", "run.died"]);
}

async function assertHeals(scene: Scene, earlier: ReadonlyMap<string, string>): Promise<void> {
  assertUntouched(earlier);
  await runWell(scene);
  assertRowsClosed(scene);
  await assertSound(scene);
  assertUntouched(earlier);
}

async function capsulesTo(destinations: readonly string[]): Promise<Scene> {
  const scene = await openScene({ jobs: [capsuleJob("/tree", { to: destinations })], destinations });
  const capsules = createPlainCapsules(Buffer.alloc(20_000, "replay"));
  return { ...scene, context: { ...scene.context, capsules } };
}

/** Kills a run just before its n-th call, then heals. Returns at which call that was; null when it was over before. */
async function killAt(scene: Scene, given: Partial<ChildSettings>): Promise<string | null> {
  const earlier = published(scene);
  const printed = await startRun(scene, given).ended;
  const [, call = null] = /^killed at (.*)$/m.exec(printed) ?? [];
  assertExplained(scene);
  await assertHeals(scene, earlier);
  return call;
}

for (const [destinations, step] of [
  [["backups"], 1],
  [["near", "far"], 3],
] as const) {
  test(`a run killed before any call of ${destinations.length} destination(s) is finished or removed`, async () => {
    const scene = await capsulesTo(destinations);
    const finished: string[] = [];
    for (let killAtCall = 1; ; killAtCall += step) {
      const before = scene.context.catalog.backups().length;
      const call = await killAt(scene, { killAtCall });
      if (call === null) break;
      if (scene.context.catalog.backups().length === before + 2) finished.push(call.split(" ")[0] ?? "");
    }
    assert.ok(finished.length > 0, "rolled forward once publishing had begun");
    assert.ok(!finished.includes("sink.write"), "nothing unfinished is rolled forward");
  });
}

test("a run killed while it brings up a late destination is finished or removed there", async () => {
  const scene = await capsulesTo(["near", "far"]);
  const report = JSON.parse(
    (await startRun(scene, { isLate: true }).ended).split("\n")[1] ?? "",
  ) as RunReport; // printed by run-child.ts
  assert.deepEqual(
    report.copies.map((copy) => [copy.destination, copy.late, copy.failure]),
    [
      ["near", false, null],
      ["far", true, null],
    ],
  );
  await assertSound(scene);
  const seen = new Set<string>();
  for (let killAtCall = 19; ; killAtCall += 2) {
    const call = await killAt(scene, { killAtCall, isLate: true });
    if (call === null) break;
    seen.add(call.split(" ")[0] ?? "");
  }
  for (const method of ["readBack", "publish", "put", "sync", "checksums.add"])
    assert.ok(seen.has(method), `killed at ${method}`);
});

test("dumps killed at any moment leave nothing half, and the next run heals", async () => {
  const source = sourceOf(server);
  const scene = await openScene({ jobs: [postgresJob(source)] });
  const started = performance.now();
  const whole = startRun(scene, { source });
  await whole.begun;
  const begun = performance.now();
  await whole.ended;
  const lengthMs = performance.now() - begun;
  assert.ok(begun > started && scene.context.catalog.backups().length === 1);
  let earlier = published(scene);
  for (let kill = 0; kill < 24; kill++) {
    const { child, begun: hasBegun, ended } = startRun(scene, { source });
    await hasBegun;
    // Spread over the whole run, and a little beyond.
    await delay((lengthMs * 1.1 * ((kill * 7) % 24)) / 24);
    child.kill("SIGKILL");
    await ended;
    assertExplained(scene);
    assertUntouched(earlier);
    if (kill % 6 !== 5) continue;
    await assertHeals(scene, earlier);
    earlier = published(scene);
  }
  const ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'codex-backup-%'";
  for (let attempt = 0; attempt < 200 && (await server.psql(ours)) !== "0"; attempt++) await delay(25);
  assert.equal(await server.psql(ours), "0", "no connection outlives its run");
});

test("spools and scratch files of dead runs are removed, those of others are not", async () => {
  const scene = await capsulesTo(["backups"]);
  await startRun(scene, { killAtCall: 6 }).ended;
  const [dead] = scene.context.catalog.runs();
  const work = join(scene.home, "state", "work");
  const stranger = "20200101T000000Z-abcdef-id-0.spool";
  for (const name of [`${dead?.runId}-id-0.spool`, `${dead?.runId}.journal.json.new`, stranger])
    writeFileSync(join(work, name), "left");
  await runWell(scene);
  assert.deepEqual(leftWork(scene), [stranger]);
});

test("a journal that cannot be read keeps no backup from being made", async () => {
  const scene = await capsulesTo(["backups"]);
  await runWell(scene);
  const journal = join(scene.home, "state", "work", "20200101T000000Z-abcdef.journal.json");
  for (const text of ["", "{}", '{"version":2}']) {
    writeFileSync(journal, text);
    await runWell(scene);
  }
  assert.equal(readFileSync(journal, "utf8"), '{"version":2}');
});

test("a dead run's process number, taken by another process, keeps it no longer alive", async () => {
  const scene = await capsulesTo(["backups"]);
  await startRun(scene, { killAtCall: 8 }).ended;
  const [dead] = scene.context.catalog.runs();
  assert.ok(dead && dead.finishedAt === null);
  scene.context.catalog.updateRun({ ...dead, pid: process.pid });
  await runWell(scene);
  assertRowsClosed(scene);
  await assertSound(scene);
});
