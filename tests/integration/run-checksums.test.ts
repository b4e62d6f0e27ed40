import assert from "node:assert/strict";
import { rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { status } from "../../src/operations/status.ts";
import { checksumsJob } from "../fakes/real-context.ts";
import { assertFailed, openScene, runOne, runWell, type Scene } from "./run-scene.ts";

async function emptyScene(): Promise<Scene & { readonly directory: string }> {
  const scene = await openScene({ jobs: [checksumsJob("backups", { schedule: "* * * * *" })] });
  return { ...scene, directory: scene.directories[0] ?? "" };
}

/** A file that another script left there, two hours ago unless told otherwise. */
function leave(directory: string, name: string, agedMs = 2 * 3_600_000): void {
  writeFileSync(join(directory, name), name);
  const at = (Date.now() - agedMs) / 1000;
  utimesSync(join(directory, name), at, at);
}

test("a night that compared nothing is incomplete, says so, and the job is not healthy", async () => {
  const scene = await emptyScene();
  const report = await runOne(scene);
  assert.deepEqual([report.outcome, report.exit, report.failure], ["incomplete", 3, null]);
  assert.match(report.warnings.join("\n"), /nothing was compared.*backups has no entry/);
  const [job] = (await status(scene.context)).jobs;
  assert.deepEqual([job?.healthy, job?.lastRun?.outcome], [false, "incomplete"]);
});

test("files that are still being written to were not compared either", async () => {
  const scene = await emptyScene();
  leave(scene.directory, "fresh.zip", 0);
  const report = await runOne(scene);
  assert.equal(report.exit, 3);
  assert.match(report.warnings.join("\n"), /nothing was compared.*still changing/);
});

test("the night that gives the first entries is complete and says how many; the next one compares them", async () => {
  const scene = await emptyScene();
  leave(scene.directory, "a.zip");
  leave(scene.directory, "b.zip");
  assert.equal((await runWell(scene)).summary, "nothing to compare yet, 2 added");
  assert.equal((await runWell(scene)).summary, "2 files, all equal");
});

test("entries whose files are all gone are damage, not nothing", async () => {
  const scene = await emptyScene();
  leave(scene.directory, "a.zip");
  await runWell(scene);
  rmSync(join(scene.directory, "a.zip"));
  assertFailed(scene, await runOne(scene), "checksums.mismatch", 4);
});
