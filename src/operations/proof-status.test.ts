import assert from "node:assert/strict";
import { test } from "node:test";
import { backUp, openMemoryScene } from "../../tests/fakes/memory-scene.ts";
import { proofRow } from "../../tests/fakes/proof-row.ts";
import { capsuleJob } from "../../tests/fakes/real-context.ts";
import type { ProofRow } from "../catalog/catalog.ts";
import { instant } from "../domain/instant.ts";
import { neverProven } from "../domain/jobs/prove-settings.ts";
import { metrics } from "./metrics.ts";
import { showBackup } from "./show.ts";
import { status } from "./status.ts";

const minute = 60_000;
const hour = 60 * minute;

/** A backup that should be proven after its run, but is not yet, and must be back within half an hour. */
async function openProvenScene() {
  const scene = await openMemoryScene({
    jobs: (root) => [capsuleJob(root, { to: ["replays"], rtoMs: 30 * minute })],
  });
  const prove = { ...neverProven, afterEach: true };
  const jobs = scene.context.jobs.map((job) => (job.kind === "capsule" ? { ...job, prove } : job));
  const context = { ...scene.context, jobs };
  await status(context); // from here on the job is known
  scene.advance(minute);
  const [id] = await backUp(scene);
  return {
    ...scene,
    context,
    id,
    proven(changes: Partial<ProofRow> = {}) {
      scene.advance(minute);
      const at = context.clock.now();
      const basis = { job: "capsule", database: null, restoreMs: 2 * minute, contentBytes: 1000 };
      context.catalog.putProof(proofRow(id, at, { ...basis, ...changes }));
    },
    async seen() {
      const [job] = (await status(context)).jobs;
      assert.ok(job);
      return job;
    },
  };
}

test("without a measurement nobody is told a time; with one, status, show and metrics tell the same", async () => {
  const { context, proven, seen, id } = await openProvenScene();
  const before = await seen();
  assert.deepEqual([before.recovery, before.lastProof, before.rtoMs], [null, null, 30 * minute]);
  assert.doesNotMatch(await metrics(context), /^codex_backup_(restore|last_proof)/m);
  proven({ outcome: "failed", restoreMs: null });
  assert.equal((await seen()).recovery, null, "a proof that failed has measured nothing");
  proven();
  const { recovery, lastProof } = await seen();
  assert.deepEqual([recovery?.estimateMs, lastProof?.outcome, lastProof?.backup], [2 * minute, "proven", id]);
  assert.equal((await showBackup(context, id, null)).recovery?.measuredMs, 2 * minute);
  const text = await metrics(context);
  assert.match(text, /codex_backup_restore_estimate_seconds\{backup_job="capsule",database=""\} 120\n/);
  assert.match(text, /codex_backup_rto_seconds\{[^}]*\} 1800\n/);
  assert.match(text, /codex_backup_last_proof_outcome\{[^}]*outcome="proven"\} 1\n/);
  assert.match(text, /codex_backup_suspect\{[^}]*\} 0\n/);
});

test("a backup that stays unproven makes the job unhealthy, a proof of it makes it well", async () => {
  const { advance, proven, seen } = await openProvenScene();
  assert.equal((await seen()).healthy, true);
  advance(3 * hour);
  const { healthy, rule, reason } = await seen();
  assert.deepEqual([healthy, rule], [false, "proof"]);
  assert.match(reason, /is not proven yet, and none was ever made/);
  proven();
  assert.deepEqual([(await seen()).healthy, (await seen()).rule], [true, "fresh"]);
});

test("a mismatch and a restore that takes too long make the job unhealthy; one that is close to it is a concern", async () => {
  const { proven, seen } = await openProvenScene();
  proven({ restoreMs: 25 * minute });
  const near = await seen();
  assert.deepEqual([near.healthy, near.concerns.map(({ kind }) => kind)], [true, ["rto"]]);
  proven({ restoreMs: 40 * minute });
  assert.deepEqual([(await seen()).rule, (await seen()).concerns], ["rto", []]);
  const failure = { code: "proof.mismatch", message: "Cannot vouch for it", hint: null } as const;
  proven({ outcome: "mismatch", failure, restoreMs: minute, summary: "1 of 3 files differs" });
  const found = await seen();
  assert.deepEqual([found.healthy, found.rule], [false, "mismatch"]);
  assert.match(found.reason, /does not agree with it: 1 of 3 files differs/);
  assert.equal(found.recovery?.measuredMs, 40 * minute, "only what came back whole is a measurement");
});

test("a proof that a wrong clock has dated into the future answers nothing", async () => {
  const { advance, context, proven, seen } = await openProvenScene();
  proven({ at: instant(context.clock.now() + 365 * 24 * hour) });
  advance(3 * hour);
  const { recovery, lastProof } = await seen();
  assert.deepEqual([recovery, lastProof], [null, null]);
});
