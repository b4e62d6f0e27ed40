import assert from "node:assert/strict";
import { mkdirSync, readdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { capsuleJob } from "../fakes/real-context.ts";
import { afterUs, temporaryDirectory } from "../servers/cleanup.ts";
import { runProgram } from "../servers/run-program.ts";
import {
  assertFailsAndHeals,
  assertSound,
  assertUntouched,
  openScene,
  published,
  runAll,
  runOne,
  runWell,
  withJobs,
} from "./run-scene.ts";

function newTree(): string {
  const root = join(temporaryDirectory("tree"), "storage");
  mkdirSync(join(root, "ledger"), { recursive: true });
  writeFileSync(join(root, "audit.log"), "line\n");
  writeFileSync(join(root, "ledger", "a.json"), "{}");
  return root;
}

test("a root that is gone fails the run instead of leaving an empty capsule", async () => {
  const root = newTree();
  const scene = await openScene({ jobs: [capsuleJob(root, { to: ["backups"] })] });
  await assertFailsAndHeals(scene, {
    code: "capsule.root-missing",
    says: /storage/,
    break: async () => {
      renameSync(root, `${root}-away`);
      return async () => renameSync(`${root}-away`, root);
    },
  });
});

test("a tree without a single file fails the run", async () => {
  const root = newTree();
  const scene = await openScene({ jobs: [capsuleJob(root, { to: ["backups"] })] });
  await assertFailsAndHeals(scene, {
    code: "capsule.empty",
    break: async () => {
      rmSync(root, { recursive: true });
      mkdirSync(join(root, "ledger"), { recursive: true });
      return async () => writeFileSync(join(root, "audit.log"), "line\n");
    },
  });
});

test("a selection that matches nothing fails the run", async () => {
  const root = newTree();
  const job = capsuleJob(root, { to: ["backups"] });
  const scene = await openScene({ jobs: [job] });
  await assertFailsAndHeals(scene, {
    code: "capsule.empty",
    failing: withJobs(scene, [{ ...job, source: { ...job.source, include: ["annals/**"] } }]),
    break: async () => undefined,
  });
});

test("a failed job does not keep the next one from running", async () => {
  const root = newTree();
  const [lost, kept] = [
    capsuleJob(`${root}-gone`, { name: "lost", to: ["backups"] }),
    capsuleJob(root, { to: ["backups"] }),
  ];
  const scene = await openScene({ jobs: [lost, kept] });
  assert.deepEqual(
    (await runAll(scene)).map((report) => [report.job, report.exit]),
    [
      ["lost", 1],
      ["capsule", 0],
    ],
  );
});

test("a state directory whose disk is full is told, costs no earlier backup, and heals", async () => {
  const home = temporaryDirectory("full-state");
  const state = join(home, "state");
  mkdirSync(state);
  await runProgram(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "none", state]);
  afterUs('umount -l "$1"', [state], {});
  const scene = await openScene({ home, jobs: [capsuleJob(newTree(), { to: ["backups"] })] });
  await runWell(scene);
  const before = published(scene);
  // Filled to the last byte, and to all but some: other steps of the run then find no room.
  for (const spare of [0, 4, 8, 16, 32, 64]) {
    const filler = join(state, "filler");
    await runProgram([
      "sh",
      "-c",
      'dd if=/dev/zero of="$1" bs=1k 2>/dev/null; truncate -s -"$2"k "$1"; :',
      "fill",
      filler,
      String(spare),
    ]);
    const failure = await runOne(scene).then(
      (report) => report.failure,
      (error: unknown) => error,
    );
    if (failure !== null) assert.match(String(Object(failure).code), /^(catalog|platform)\./, String(spare));
    unlinkSync(filler);
    await runWell(scene);
    await assertSound(scene);
    assertUntouched(before);
  }
  assert.ok(readdirSync(state).includes("catalog.db"));
});
