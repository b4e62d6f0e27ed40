import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Destination } from "../../src/destinations/destination.ts";
import { parseBackupFile } from "../../src/domain/backups/backup-file.ts";
import { parseManifest } from "../../src/domain/backups/manifest-text.ts";
import type { FailureCode } from "../../src/domain/failure-table.ts";
import type { Job } from "../../src/domain/jobs/job.ts";
import type { RunReport } from "../../src/domain/runs/run-report.ts";
import type { Context } from "../../src/operations/context.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import type { RunOptions } from "../../src/operations/operation.ts";
import { type Clock, createSystemClock } from "../../src/platform/clock.ts";
import { createRealContext, type RealContextOptions } from "../fakes/real-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { runProgram } from "../servers/run-program.ts";

/** A machine of a test's own: state, destinations with their sentinels, and the real rooms over them. */
export interface Scene {
  readonly home: string;
  readonly context: Context;
  readonly directories: readonly string[];
}

type SceneOptions = Partial<RealContextOptions> & Pick<RealContextOptions, "jobs">;

export async function openScene(options: SceneOptions): Promise<Scene> {
  const home = options.home ?? temporaryDirectory("run");
  const destinations = options.destinations ?? ["backups"];
  mkdirSync(join(home, "state"), { recursive: true });
  const context = createRealContext({ ...options, home, destinations });
  for (const destination of context.destinations.values()) await destination.initialise();
  return { home, context, directories: destinations.map((name) => join(home, name)) };
}

/** The same machine with a destination replaced, and perhaps other jobs. */
export function withDestination(scene: Scene, destination: Destination, jobs?: readonly Job[]): Scene {
  const destinations = new Map(scene.context.destinations).set(destination.name, destination);
  return { ...scene, context: { ...scene.context, destinations, jobs: jobs ?? scene.context.jobs } };
}

export function withJobs(scene: Scene, jobs: readonly Job[]): Scene {
  return { ...scene, context: { ...scene.context, jobs } };
}

/** A clock on which waits of exactly these lengths are over sooner, so that patience is not tested by waiting. */
export function hastyClock(shortened: ReadonlyMap<number, number>): Clock {
  const clock = createSystemClock();
  return { ...clock, after: (delayMs, call) => clock.after(shortened.get(delayMs) ?? delayMs, call) };
}

/** Every job of the scene. */
export function runAll(scene: Scene, given: Partial<RunOptions> = {}): Promise<readonly RunReport[]> {
  const signal = new AbortController().signal;
  return createOperations(scene.context).run({
    jobs: [],
    all: true,
    waitMs: 0,
    slot: null,
    signal,
    ...given,
  });
}

/** The scene's only job, with its only database. */
export async function runOne(scene: Scene, given: Partial<RunOptions> = {}): Promise<RunReport> {
  const reports = await runAll(scene, given);
  assert.equal(reports.length, 1);
  const [report] = reports;
  assert.ok(report);
  return report;
}

export async function runWell(scene: Scene): Promise<RunReport> {
  const report = await runOne(scene);
  assert.deepEqual([report.outcome, report.failure, report.exit], ["complete", null, 0]);
  return report;
}

/** Sha256 of every published file of the scene's backups, by path: they never change. */
export type Published = ReadonlyMap<string, string>;

export function published({ directories }: Pick<Scene, "directories">): Published {
  const paths = directories.flatMap((directory) =>
    readdirSync(directory)
      .filter((name) => parseBackupFile(name) !== null)
      .map((name) => join(directory, name)),
  );
  return new Map(paths.map((path) => [path, sha256(readFileSync(path))]));
}

export function assertUntouched(before: Published): void {
  for (const [path, hash] of before) assert.equal(sha256(readFileSync(path)), hash, path);
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Nothing bears a backup's name that is not whole: every file belongs to a manifest, every manifest's files
 * are there with their bytes, checksums.txt has them all and agrees, nothing hidden and nothing in the work
 * directory is left, and the catalog knows the same.
 */
export async function assertSound(scene: Scene): Promise<void> {
  for (const directory of scene.directories) await assertSoundDirectory(directory);
  assert.deepEqual(leftWork(scene), []);
  assert.deepEqual(await createOperations(scene.context).checkCatalog(new AbortController().signal), []);
}

export async function assertSoundDirectory(directory: string): Promise<void> {
  const names = readdirSync(directory);
  assert.deepEqual(names.filter(isUnfinished), [], `left in ${directory}`);
  const manifests = names.filter((name) => name.endsWith(".manifest.json"));
  const expected = new Set(manifests.flatMap((name) => filesOf(directory, name)));
  const found = names.filter((name) => parseBackupFile(name) !== null && !/\.(check-|hold)/.test(name));
  assert.deepEqual(found.sort(), [...expected].sort(), `files of whole backups in ${directory}`);
  if (manifests.length === 0) return;
  await runProgram(["sha256sum", "--check", "--strict", "--quiet", "checksums.txt"], { cwd: directory });
  const listed = new Set(
    readFileSync(join(directory, "checksums.txt"), "utf8")
      .split("\n")
      .map((line) => line.slice(66)),
  );
  const unlisted = [...expected].filter((name) => !name.endsWith(".sha256") && !listed.has(name));
  assert.deepEqual(unlisted, [], `without an entry in ${directory}/checksums.txt`);
}

function isUnfinished(name: string): boolean {
  return /\.partial-|\.new$/.test(name);
}

/** The names that a manifest stands for, itself included; its bytes and theirs are checked on the way. */
function filesOf(directory: string, name: string): readonly string[] {
  const manifest = parseManifest(readFileSync(join(directory, name)), name);
  for (const file of manifest.files) {
    const bytes = readFileSync(join(directory, file.path));
    assert.deepEqual([bytes.length, sha256(bytes)], [file.sizeBytes, file.sha256], file.path);
    assert.equal(statSync(join(directory, file.path)).mode & 0o777, 0o600, file.path);
  }
  return [...manifest.files.map((file) => file.path), name, `${manifest.id}.sha256`];
}

/** What runs left in STATE/work: spools, journals, fetched files. */
export function leftWork({ home }: Scene): readonly string[] {
  try {
    return readdirSync(join(home, "state", "work"));
  } catch {
    return []; // no run has needed it yet
  }
}

/** The report and the row say the same failure, with a way out and the exit status that belongs to it. */
export function assertFailed(scene: Scene, report: RunReport, code: FailureCode, exit = 1): void {
  assert.equal(report.failure?.code, code, report.failure?.message ?? report.summary);
  assert.match(report.failure?.message ?? "", /^Cannot /);
  assert.ok((report.failure?.hint ?? "").length > 10, `a hint for ${report.failure?.message}`);
  assert.deepEqual([report.outcome, report.exit, report.backup], ["failed", exit, null]);
  const row = scene.context.catalog.run(report.runId);
  assert.deepEqual(
    [row?.outcome, row?.failure?.code, row?.finishedAt === null],
    ["failed", code, false],
    "its row in the catalog",
  );
}

export interface Break {
  readonly code: FailureCode;
  readonly exit?: number;
  /** What the message must name. */
  readonly says?: RegExp;
  /** What the hint must name. */
  readonly hint?: RegExp;
  /** The machine as the failing run finds it; undone by the returned function. */
  readonly break: () => Promise<(() => Promise<void>) | undefined>;
  /** Default: the scene itself. */
  readonly failing?: Scene;
}

/** A good run, a run that must fail, a run that must heal; and the three assertions after each. */
export async function assertFailsAndHeals(scene: Scene, what: Break): Promise<void> {
  await runWell(scene);
  await assertSound(scene);
  const before = published(scene);
  const mend = await what.break();
  const report = await runOne(what.failing ?? scene);
  assertFailed(scene, report, what.code, what.exit);
  if (what.says) assert.match(report.failure?.message ?? "", what.says);
  if (what.hint) assert.match(report.failure?.hint ?? "", what.hint);
  await mend?.();
  await assertSound(scene);
  assert.deepEqual(published(scene), before);
  await runWell(scene);
  await assertSound(scene);
  assertUntouched(before);
  assert.equal(published(scene).size > before.size, true);
}
