import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createFaultyDestination } from "../../../tests/fakes/faulty-destination.ts";
import { createHandClock } from "../../../tests/fakes/hand-clock.ts";
import { createMemoryContext } from "../../../tests/fakes/memory-context.ts";
import { createMemoryDestination } from "../../../tests/fakes/memory-destination.ts";
import { capsuleJob } from "../../../tests/fakes/real-context.ts";
import type { CopyRow, RunRow } from "../../catalog/catalog.ts";
import type { Destination } from "../../destinations/destination.ts";
import type { Manifest } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import { formatInstant, type Instant, instant } from "../../domain/instant.ts";
import type { CapsuleJob } from "../../domain/jobs/job.ts";
import type { Context } from "../context.ts";
import { hold, release } from "../hold.ts";
import type { PruneOptions, PruneReport } from "../operation.ts";
import { lockJob } from "../run/job-lock.ts";
import { publish } from "../run/publish.ts";
import { recordBackup, recordCopy } from "../run/record.ts";
import { seal } from "../run/seal.ts";
import { status } from "../status.ts";
import { prune } from "./prune.ts";

const home = mkdtempSync(join(tmpdir(), "prune-"));
after(() => rmSync(home, { recursive: true, force: true }));

const dayMs = 24 * 3_600_000;
const now = instant(Date.parse("2026-11-23T02:00:00Z"));
const nightsAgo = (nights: number): Instant => instant(now - nights * dayMs);
const idOf = (nights: number, job = "capsule") => `${job}_${nights}`;
const { signal } = new AbortController();
const everything: PruneOptions = { jobs: [], dryRun: false, yes: true, signal };

function keepLast(last: number, given: Partial<CapsuleJob> = {}): CapsuleJob {
  const job = capsuleJob("/nowhere", given);
  return { ...job, keep: { ...job.keep, last, minimum: 1 } };
}

interface SceneOptions {
  readonly jobs?: readonly CapsuleJob[];
  readonly destinations?: readonly Destination[];
}

let scenes = 0;

function createScene(options: SceneOptions = {}): Context {
  scenes += 1;
  const statePath = join(home, String(scenes));
  const { jobs = [keepLast(1)], destinations = [createMemoryDestination({ name: "replays" })] } = options;
  return createMemoryContext({ statePath, jobs, destinations, clock: createHandClock(now) });
}

function manifestOf(job: string, nights: number, bytes: Buffer): Manifest {
  const id = idOf(nights, job);
  const startedAt = formatInstant(nightsAgo(nights));
  const content = { sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  return {
    format: "codex-backup-manifest",
    version: 1,
    id,
    runId: `run-${nights}`,
    job,
    kind: "capsule",
    database: null,
    host: "host",
    slot: null,
    startedAt,
    finishedAt: startedAt,
    outcome: "complete",
    tool: { name: "codex-backup", version: "0.0.0" },
    files: [{ path: `${id}.zip`, role: "capsule", compression: "none", ...content, content }],
    checked: { level: "read", copies: {} },
    postgres: null,
    capsule: { root: "/nowhere", entries: [], leftOut: [] },
    warnings: [],
    labels: {},
    previous: null,
    pruned: [],
    adopted: false,
  };
}

/** A backup of so many nights ago at every destination of its job, as a run publishes and records it. */
async function backUp(context: Context, nights: number, job = "capsule"): Promise<string> {
  const bytes = Buffer.from(`content of ${nights}`);
  const sealed = seal(manifestOf(job, nights, bytes));
  recordBackup(context, sealed);
  const names = keptJob(context, job).to;
  for (const destination of [...context.destinations.values()].filter(({ name }) => names.includes(name))) {
    const destinationId = await destination.initialise();
    const staged = await destination.stage(`${sealed.manifest.id}.zip`, sealed.manifest.runId);
    await new Promise<void>((resolve) => staged.sink.end(bytes, resolve));
    const { id, runId } = sealed.manifest;
    assert.equal(await publish(destination, [staged], { id, runId, ...sealed }), null);
    const copy = { destination: destination.name, destinationId, level: "read", readBack: "direct" } as const;
    recordCopy(context, sealed, copy);
  }
  return sealed.manifest.id;
}

function keptJob(context: Context, name: string): CapsuleJob {
  const job = context.jobs.find((candidate) => candidate.name === name);
  assert.ok(job?.kind === "capsule");
  return job;
}

async function backUpNights(context: Context, ...nights: readonly number[]): Promise<void> {
  for (const night of nights) await backUp(context, night);
}

function at(context: Context, name = "replays"): Destination {
  const destination = context.destinations.get(name);
  assert.ok(destination);
  return destination;
}

async function namesAt(context: Context, name = "replays"): Promise<readonly string[]> {
  return (await at(context, name).list()).map((file) => file.name).filter((file) => file !== "RESTORE-v1.md");
}

const removedOf = (reports: readonly PruneReport[]) =>
  reports.filter((one) => one.isRemoved).map((one) => one.backup);
const troubleOf = (reports: readonly PruneReport[]) =>
  reports
    .filter((one) => one.failure !== null)
    .map((one) => [one.job, one.destination, one.backup, one.failure?.code, one.exit]);
const stateOf = (context: Context, id: string): CopyRow["state"] | undefined =>
  context.catalog.backup("capsule", id)?.copies[0]?.state;

function isFailure(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Failure && error.code === code;
}

test("what policy calls surplus goes with every file of it; the rest is untouched", async () => {
  const context = createScene();
  await backUpNights(context, 2, 1, 0);
  const beside = ["sha256", "manifest.json", "zip", "manifest.json.minisig", "zip.minisig"];
  const others = [`${idOf(1)}.sql`, `${idOf(1)}.sql.minisig`, "notes.txt"];
  for (const ending of beside.slice(3)) await at(context).put(`${idOf(1)}.${ending}`, Buffer.from("x"), "r");
  for (const name of others) await at(context).put(name, Buffer.from("theirs"), "r");
  assert.deepEqual(removedOf(await prune(context, everything)), [idOf(1), idOf(2)]);
  assert.deepEqual(
    await namesAt(context),
    [`${idOf(0)}.manifest.json`, `${idOf(0)}.sha256`, `${idOf(0)}.zip`, ...others].sort(),
  );
  assert.deepEqual(
    context.catalog.backups().map((row) => row.id),
    [idOf(0)],
  );
});

test("a backup whose manifest is gone stands in for no real one, and the catalog learns of it", async () => {
  for (const lost of [`${idOf(0)}.manifest.json`, `${idOf(0)}.zip`]) {
    const context = createScene();
    await backUpNights(context, 2, 1, 0);
    await at(context).remove(lost);
    assert.deepEqual(removedOf(await prune(context, everything)), [idOf(2)]);
    assert.equal(stateOf(context, idOf(0)), "missing");
    assert.equal(stateOf(context, idOf(1)), "whole");
    assert.ok((await namesAt(context)).includes(`${idOf(1)}.manifest.json`));
  }
});

test("a backup with a file of another size stands in for no real one", async () => {
  const context = createScene();
  await backUpNights(context, 1, 0);
  await at(context).remove(`${idOf(0)}.zip`);
  await at(context).put(`${idOf(0)}.zip`, Buffer.from("cut"), "r");
  assert.deepEqual(removedOf(await prune(context, everything)), []);
  assert.equal(stateOf(context, idOf(0)), "damaged");
});

test("a dry run tells the same as the run after it and changes nothing", async () => {
  const faulty = createFaultyDestination(createMemoryDestination({ name: "replays" }), []);
  const context = createScene({ destinations: [faulty] });
  await backUpNights(context, 3, 2, 1, 0);
  await at(context).remove(`${idOf(0)}.manifest.json`);
  await at(context).put(`${idOf(3)}.hold`, Buffer.from(""), "r");
  const before = [await namesAt(context), context.catalog.backups()];
  const made = faulty.calls.length;
  const wish = (reports: readonly PruneReport[]) =>
    reports.map((one) => [one.backup, one.verdict, one.reasons]);
  const planned = await prune(context, { ...everything, dryRun: true });
  assert.deepEqual([...new Set(faulty.calls.slice(made))], ["look", "list"]);
  assert.deepEqual([await namesAt(context), context.catalog.backups()], before);
  assert.deepEqual(wish(planned), wish(await prune(context, everything)));
});

test("a hold file protects, whoever made it and at whatever destination it lies", async () => {
  const destinations = ["replays", "offsite"].map((name) => createMemoryDestination({ name }));
  const context = createScene({ jobs: [keepLast(1, { to: ["replays", "offsite"] })], destinations });
  await backUpNights(context, 2, 1, 0);
  await at(context, "offsite").put(`${idOf(2)}.hold`, Buffer.from(""), "r");
  assert.deepEqual(removedOf(await prune(context, everything)), [idOf(1), idOf(1)]);
  assert.ok((await namesAt(context)).includes(`${idOf(2)}.zip`));
});

test("a hold that is made while prune is at it is found before anything is removed", async () => {
  const inner = createMemoryDestination({ name: "replays" });
  const file = `${idOf(1)}.hold`;
  const destination: Destination = {
    ...inner,
    stat: async (name) => {
      if (name === file && !inner.store.files.has(file)) await inner.put(file, Buffer.from(""), "r");
      return inner.stat(name);
    },
  };
  const context = createScene({ destinations: [destination] });
  await backUpNights(context, 1, 0);
  const reports = await prune(context, everything);
  assert.deepEqual(troubleOf(reports), [["capsule", "replays", idOf(1), "usage.refused", 2]]);
  assert.equal(stateOf(context, idOf(1)), "whole");
  assert.ok((await namesAt(context)).includes(`${idOf(1)}.manifest.json`));
});

test("a destination that cannot be looked at loses nothing and stops no other", async () => {
  const faulty = createFaultyDestination(createMemoryDestination({ name: "offsite" }), [
    { method: "list", call: 1, kind: "fail" },
  ]);
  const destinations = [createMemoryDestination({ name: "replays" }), faulty];
  const context = createScene({ jobs: [keepLast(1, { to: ["replays", "offsite"] })], destinations });
  await backUpNights(context, 1, 0);
  const reports = await prune(context, everything);
  assert.deepEqual(removedOf(reports), [idOf(1)]);
  assert.deepEqual(troubleOf(reports), [["capsule", "offsite", null, "destination.io", 1]]);
  assert.equal((await namesAt(context, "offsite")).length, 6);
  assert.deepEqual(removedOf(await prune(context, everything)), [idOf(1)]);
  assert.deepEqual(faulty.pending(), []);
});

test("on another disk than the one with the copies nothing is removed, nor forgotten", async () => {
  const memory = createMemoryDestination({ name: "replays" });
  const context = createScene({ destinations: [memory] });
  await backUpNights(context, 1, 0);
  const [row] = context.catalog.backups({ limit: 1 });
  const tombstone = context.catalog.backup("capsule", idOf(1))?.copies[0];
  assert.ok(row && tombstone);
  context.catalog.putCopy({ ...tombstone, state: "removing" });
  memory.store.id = "another disk";
  const before = await namesAt(context);
  const reports = await prune(context, everything);
  assert.deepEqual(troubleOf(reports), [["capsule", "replays", null, "destination.sentinel-foreign", 1]]);
  assert.deepEqual(await namesAt(context), before);
  assert.equal(stateOf(context, idOf(0)), "whole");
  assert.equal(stateOf(context, idOf(1)), "removing");
});

test("of two disks that take turns only the one that is there is judged", async () => {
  const memory = createMemoryDestination({ name: "replays" });
  const context = createScene({ destinations: [memory] });
  await backUpNights(context, 3, 2);
  memory.store.id = "the other disk";
  memory.store.files.clear();
  await backUpNights(context, 1, 0);
  const reports = await prune(context, everything);
  assert.deepEqual(removedOf(reports), [idOf(1)]);
  assert.deepEqual(troubleOf(reports), []);
  assert.deepEqual(
    [2, 3].map((nights) => stateOf(context, idOf(nights))),
    ["whole", "whole"],
  );
});

const twoJobs = () => ({
  jobs: [keepLast(1), keepLast(1, { name: "other" })],
});

test("a busy job keeps no other from being pruned; asked for alone, it is refused", async () => {
  const context = createScene(twoJobs());
  for (const job of ["capsule", "other"]) for (const nights of [1, 0]) await backUp(context, nights, job);
  const lock = await lockJob(context, { job: "capsule", runId: "run-busy", waitMs: 0, signal });
  try {
    const reports = await prune(context, everything);
    assert.deepEqual(removedOf(reports), [idOf(1, "other")]);
    assert.deepEqual(troubleOf(reports), [["capsule", null, null, "run.busy", 5]]);
    await assert.rejects(prune(context, { ...everything, jobs: ["capsule"] }), isFailure("run.busy"));
  } finally {
    lock.release();
  }
});

test("a job that would lose more than half of its backups waits for a word; the others do not", async () => {
  const context = createScene(twoJobs());
  await backUpNights(context, 3, 2, 1, 0);
  for (const nights of [1, 0]) await backUp(context, nights, "other");
  const unasked = { ...everything, yes: false };
  const reports = await prune(context, unasked);
  assert.deepEqual(removedOf(reports), [idOf(1, "other")]);
  assert.deepEqual(troubleOf(reports), [["capsule", null, null, "usage.refused", 2]]);
  await assert.rejects(prune(context, { ...unasked, jobs: ["capsule"] }), isFailure("usage.refused"));
  assert.equal(removedOf(await prune(context, everything)).length, 3);
});

test("a dead run that is closed today does not vouch for today's clock", async () => {
  const context = createScene();
  await backUpNights(context, 42, 41, 40);
  const dead: RunRow = {
    runId: "run-dead",
    job: "capsule",
    database: null,
    slot: null,
    startedAt: nightsAgo(40),
    finishedAt: null,
    outcome: null,
    backupId: null,
    failure: null,
    warnings: [],
    summary: "",
    pid: 4711,
    bootId: "boot",
    host: "host",
  };
  context.catalog.startRun(dead);
  const reports = await prune(context, everything);
  assert.deepEqual(removedOf(reports), []);
  assert.match(reports[1]?.reasons.join() ?? "", /clock is 40 days ahead of the last run/);
});

test("hold and release write nothing where the share is not mounted", async () => {
  const memory = createMemoryDestination({ name: "replays" });
  const context = createScene({ destinations: [memory] });
  const backup = await backUp(context, 0);
  const request = { backup, who: "operator", why: "the auditors want it" };
  const disk = memory.store.id;
  memory.store.id = null;
  await assert.rejects(hold(context, request), /no sentinel/);
  assert.equal((await namesAt(context)).includes(`${backup}.hold`), false);
  assert.equal(context.catalog.backup("capsule", backup)?.held, false);
  memory.store.id = disk;
  await hold(context, request);
  memory.store.id = "another disk";
  await assert.rejects(release(context, request), /another disk/);
  assert.ok((await namesAt(context)).includes(`${backup}.hold`));
  assert.equal(context.catalog.backup("capsule", backup)?.held, true);
});

test("a hold that was made by hand can be released, what nobody holds cannot", async () => {
  const context = createScene();
  await backUpNights(context, 1, 0);
  await at(context).put(`${idOf(1)}.hold`, Buffer.from(""), "r");
  const request = { backup: idOf(1), who: "operator" };
  await release(context, request);
  await assert.rejects(release(context, request), isFailure("usage.refused"));
  assert.deepEqual(removedOf(await prune(context, everything)), [idOf(1)]);
});

test("a status is ill once prune has seen that nothing good is left", async () => {
  const context = createScene();
  await backUp(context, 0);
  const run = { runId: "run-0", job: "capsule", database: null, slot: null, startedAt: now, finishedAt: now };
  const made = { outcome: "complete", backupId: idOf(0), failure: null, warnings: [], summary: "" } as const;
  context.catalog.startRun({ ...run, ...made, pid: 1, bootId: "boot", host: "host" });
  assert.equal((await status(context)).exit, 0);
  await at(context).remove(`${idOf(0)}.manifest.json`);
  await prune(context, everything);
  context.catalog.startRun({
    ...run,
    ...made,
    runId: "run-1",
    outcome: "skipped",
    pid: 1,
    bootId: "boot",
    host: "host",
  });
  const report = await status(context);
  assert.deepEqual([report.exit, report.jobs[0]?.healthy], [6, false]);
  assert.match(report.jobs[0]?.reason ?? "", /no good backup is left/);
});
