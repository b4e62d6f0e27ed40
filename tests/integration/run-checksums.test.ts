import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { status } from "../../src/operations/status.ts";
import { capsuleJob, checksumsJob } from "../fakes/real-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { assertFailed, assertSound, openScene, runOne, runWell, type Scene, withJobs } from "./run-scene.ts";

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

/** A backup of ours, aged so that nothing about it is fresh, and the checksums job alone. */
async function backedUp() {
  const root = temporaryDirectory("tree");
  mkdirSync(join(root, "sub"));
  writeFileSync(join(root, "sub", "one.txt"), "one\n".repeat(100));
  const scene = await openScene({ jobs: [capsuleJob(root, { to: ["backups"] })] });
  const id = (await runWell(scene)).backup?.id ?? "";
  const directory = scene.directories[0] ?? "";
  const at = (name: string) => join(directory, name);
  for (const name of [`${id}.zip`, `${id}.sha256`, `${id}.manifest.json`]) utimesSync(at(name), 1, 1);
  const checksums = at("checksums.txt");
  const text = () => readFileSync(checksums, "utf8");
  return { ...withJobs(scene, [checksumsJob("backups")]), id, at, checksums, text };
}

type BackedUp = Awaited<ReturnType<typeof backedUp>>;

function damage({ at, id }: BackedUp, name = `${id}.zip`): void {
  const bytes = readFileSync(at(name));
  bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
  writeFileSync(at(name), bytes);
  utimesSync(at(name), 1, 1);
}

/** Changes the hash in the entry of a name. */
function falsify({ checksums, text }: BackedUp, name: string): string {
  const lines = text().split("\n");
  const changed = lines.map((line) =>
    line.endsWith(`  ${name}`) ? `${line.startsWith("0") ? "1" : "0"}${line.slice(1)}` : line,
  );
  writeFileSync(checksums, changed.join("\n"));
  return changed.join("\n");
}

test("damaged bytes are never taken as new while a manifest says what they were", async () => {
  const scene = await backedUp();
  const { id, at, checksums } = scene;
  damage(scene);
  rmSync(checksums);
  rmSync(at(`${id}.sha256`));
  for (const _night of [1, 2]) {
    const report = await runOne(scene);
    assertFailed(scene, report, "checksums.mismatch", 4);
    assert.ok(report.warnings.includes(`changed since its checksum was taken: "${id}.zip"`));
  }
});

test("a checksums.txt that is gone is made again with the manifests' entries, and told", async () => {
  const scene = await backedUp();
  const before = scene.text().split("\n").sort();
  for (const isOwnHashGone of [false, true]) {
    rmSync(scene.checksums);
    if (isOwnHashGone) rmSync(scene.at(`${scene.id}.sha256`));
    const { warnings } = await runWell(scene);
    assert.match(warnings.join("\n"), /^checksums\.txt was gone; made again from the \.sha256 files/);
    assert.deepEqual(scene.text().split("\n").sort(), before);
    if (!isOwnHashGone) await assertSound(scene);
  }
  assert.deepEqual((await runWell(scene)).warnings, []);
});

test("a file of ours that went with its entry is missing all the same", async () => {
  const scene = await backedUp();
  rmSync(scene.checksums);
  rmSync(scene.at(`${scene.id}.zip`));
  assert.ok((await runOne(scene)).warnings.includes(`missing: "${scene.id}.zip"`));
});

test("a file under a backup's name that nothing vouches for gets no entry", async () => {
  const scene = await backedUp();
  const name = `${scene.id}.sql`;
  leave(scene.directories[0] ?? "", name);
  const { warnings } = await runWell(scene);
  assert.deepEqual(warnings, [`no entry made, neither a .sha256 nor a manifest vouches for it: "${name}"`]);
  assert.ok(!scene.text().includes(name));
});

test("without a manifest that holds, its files are not believed and not adopted", async () => {
  for (const text of ["{", null]) {
    const scene = await backedUp();
    const manifest = scene.at(`${scene.id}.manifest.json`);
    const changed = readFileSync(manifest, "utf8").replace(/"sha256": "../, '"sha256": "zz');
    writeFileSync(manifest, text ?? changed.replace("zz", "00"));
    rmSync(scene.checksums);
    rmSync(scene.at(`${scene.id}.sha256`));
    const report = await runOne(scene);
    assertFailed(scene, report, "checksums.mismatch", 4);
    assert.match(report.warnings.join("\n"), /manifest\.json/);
    assert.ok(!scene.text().includes(`${scene.id}.zip`));
  }
});

test("a wrong entry is blamed, once, and not the healthy file", async () => {
  const scene = await backedUp();
  const name = `${scene.id}.zip`;
  const text = falsify(scene, name);
  const report = await runOne(scene);
  const blame = `the entry of "${name}" in checksums.txt is wrong; the file itself is as it was made`;
  assertFailed(scene, report, "checksums.mismatch", 4);
  assert.deepEqual(report.warnings, [blame]);
  assert.match(report.failure?.message ?? "", /the entry of/);
  assert.match(report.failure?.hint ?? "", /^Take the line .* out of/);
  assert.doesNotMatch(report.failure?.hint ?? "", /[Rr]estore/);
  assert.equal(report.summary, "1 entry in checksums.txt wrong, 1 equal");
  assert.equal(scene.text(), text);
  damage(scene);
  assert.deepEqual((await runOne(scene)).warnings, [`changed since its checksum was taken: "${name}"`]);
});

test("a flipped digit in a backup's own .sha256 is blamed on that, not on checksums.txt", async () => {
  const scene = await backedUp();
  const name = `${scene.id}.sha256`;
  falsify(
    { ...scene, checksums: scene.at(name), text: () => readFileSync(scene.at(name), "utf8") },
    `${scene.id}.zip`,
  );
  const { warnings, exit } = await runOne(scene);
  assert.deepEqual([exit, warnings], [4, [`"${name}" and the manifest disagree about "${scene.id}.zip"`]]);
});

test("a line that is no checksum keeps no other from being checked", async () => {
  const scene = await backedUp();
  const name = `${scene.id}.zip`;
  const text = `<html>\n${scene.text()}`;
  writeFileSync(scene.checksums, text);
  const report = await runOne(scene);
  assertFailed(scene, report, "checksums.malformed", 4);
  assert.deepEqual(report.warnings, ["line 1 of checksums.txt is no checksum"]);
  assert.match(report.summary, /2 equal/);
  damage(scene);
  leave(scene.directories[0] ?? "", "theirs.zip");
  const night = await runOne(scene);
  assertFailed(scene, night, "checksums.mismatch", 4);
  assert.ok(night.warnings.includes(`changed since its checksum was taken: "${name}"`));
  assert.ok(!night.warnings.some((warning) => warning.startsWith("added")));
  assert.equal(scene.text(), text);
});
