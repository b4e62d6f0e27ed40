import assert from "node:assert/strict";
import { readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { formatChecksumLine } from "../../src/domain/checksums/checksum-line.ts";
import { Failure } from "../../src/domain/failure.ts";
import { acceptChecksum } from "../../src/operations/accept-checksum.ts";
import type { Context } from "../../src/operations/context.ts";
import { findRun } from "../../src/operations/logs.ts";
import { status } from "../../src/operations/status.ts";
import { createLog } from "../../src/platform/log.ts";
import { checksumsJob } from "../fakes/real-context.ts";
import {
  assertFailed,
  openScene,
  runOne,
  runWell,
  type Scene,
  sha256,
  withDestination,
} from "./run-scene.ts";

interface Accepting extends Scene {
  readonly directory: string;
  /** Lines of run logs. */
  readonly logged: readonly string[];
}

/** Two files of another script, with entries. */
async function sceneWithFiles(): Promise<Accepting> {
  const scene = await openScene({ jobs: [checksumsJob("backups")] });
  const directory = scene.directories[0] ?? "";
  for (const name of ["old.zip", "other.zip"]) {
    writeFileSync(join(directory, name), "before");
    utimesSync(join(directory, name), 1_700_000_000, 1_700_000_000);
  }
  await runWell(scene);
  const logged: string[] = [];
  const streams = [{ write: (line: string) => logged.push(line) }];
  const log = createLog({ level: "debug", streams, secrets: () => [] });
  const context = { ...scene.context, openRunLog: () => ({ log, close: () => undefined }) };
  return { ...scene, context, directory, logged };
}

const signal = new AbortController().signal;

function accept(context: Context, file: string) {
  return acceptChecksum(context, { file, destination: null, who: "ada", why: "re-made", signal });
}

function refusedWith(code: string) {
  return (error: unknown) => error instanceof Failure && error.code === code;
}

test("an acceptance leaves a run with who, why, before and after, and its log says the same", async () => {
  const scene = await sceneWithFiles();
  writeFileSync(join(scene.directory, "old.zip"), "after");
  const accepted = await accept(scene.context, "old.zip");
  const [before, after] = [sha256(Buffer.from("before")), sha256(Buffer.from("after"))];
  assert.deepEqual([accepted.before, accepted.after], [before, after]);
  const row = findRun(scene.context, { runId: accepted.runId, job: null });
  assert.deepEqual([row.outcome, row.finishedAt === null], ["complete", false]);
  for (const said of ["old.zip", "ada", "re-made", before, after]) {
    assert.ok(row.summary.includes(said), said);
    assert.ok(scene.logged.join("").includes(said), `${said} in the log`);
  }
  assert.equal(findRun(scene.context, { runId: null, job: "checksums accept" }).runId, accepted.runId);
  assert.equal((await runWell(scene)).summary, "2 files, all equal");
});

test("a file that is gone loses its entry, and the record says that too", async () => {
  const scene = await sceneWithFiles();
  rmSync(join(scene.directory, "old.zip"));
  const accepted = await accept(scene.context, "old.zip");
  assert.equal(accepted.after, null);
  assert.match(scene.context.catalog.run(accepted.runId)?.summary ?? "", /its entry was dropped/);
  assert.equal((await runWell(scene)).summary, "1 file, all equal");
});

test("accepting one of two damaged files does not make the job healthy", async () => {
  const scene = await sceneWithFiles();
  for (const name of ["old.zip", "other.zip"]) writeFileSync(join(scene.directory, name), "rotten");
  assertFailed(scene, await runOne(scene), "checksums.mismatch", 4);
  await accept(scene.context, "old.zip");
  assert.deepEqual(
    (await status(scene.context)).jobs.map((job) => job.healthy),
    [false],
  );
});

test("a change that fails is thrown and recorded as failed", async () => {
  const scene = await sceneWithFiles();
  const destination = scene.context.destinations.get("backups");
  assert.ok(destination?.checksums);
  const replace = () => Promise.reject(new Failure("destination.io", "Cannot write checksums.txt: EIO"));
  const broken = { ...destination, checksums: { ...destination.checksums, replace } };
  const { context } = withDestination(scene, broken);
  await assert.rejects(accept(context, "old.zip"), refusedWith("destination.io"));
  assert.equal(findRun(context, { runId: null, job: "checksums accept" }).outcome, "failed");
});

test("a file of our own is refused also when its name had to be escaped", async () => {
  const scene = await sceneWithFiles();
  const name = "odd\nname.zip";
  const line = formatChecksumLine({ path: name, sha256: sha256(Buffer.from("before")) });
  writeFileSync(join(scene.directory, name), "before");
  writeFileSync(join(scene.directory, "odd.sha256"), line);
  const checksums = join(scene.directory, "checksums.txt");
  writeFileSync(checksums, `${readFileSync(checksums, "utf8")}${line}`);
  await assert.rejects(accept(scene.context, name), refusedWith("usage.refused"));
});

test("a destination without paths is refused: a file of that name elsewhere is never hashed for it", async () => {
  const scene = await sceneWithFiles();
  const destination = scene.context.destinations.get("backups");
  assert.ok(destination);
  const { context } = withDestination(scene, { ...destination, localPath: () => null });
  await assert.rejects(accept(context, "old.zip"), refusedWith("usage.refused"));
});
