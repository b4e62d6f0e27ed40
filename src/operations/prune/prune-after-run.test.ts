import assert from "node:assert/strict";
import { test } from "node:test";
import { createFaultyCatalog } from "../../../tests/fakes/faulty-catalog.ts";
import { createFaultyDestination } from "../../../tests/fakes/faulty-destination.ts";
import { createMemoryDestination } from "../../../tests/fakes/memory-destination.ts";
import {
  backUp,
  type MemoryScene,
  noSignal,
  openMemoryScene,
  storeOf,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import { proofRow } from "../../../tests/fakes/proof-row.ts";
import { capsuleJob } from "../../../tests/fakes/real-context.ts";
import type { Destination } from "../../destinations/destination.ts";
import type { CapsuleJob, KeepPolicy } from "../../domain/jobs/job.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import type { PruneOptions } from "../operation.ts";
import { run } from "../run/run.ts";
import { prune } from "./prune.ts";

const dayMs = 86_400_000;

function keeping(keep: Partial<KeepPolicy>, given: Partial<CapsuleJob> = {}) {
  return (root: string): readonly CapsuleJob[] => {
    const job = capsuleJob(root, given);
    return [{ ...job, keep: { ...job.keep, minimum: 1, ...keep } }];
  };
}

/** One run of the scene's only job; the clock then stands a day later. */
async function oneNight(scene: MemoryScene): Promise<RunReport> {
  const wish = { jobs: [], all: true, waitMs: 0, slot: null, signal: noSignal };
  const [report] = await run(scene.context, wish);
  assert.ok(report);
  scene.advance(dayMs);
  return report;
}

/** As before there was a rule. */
async function backUpUnpruned(scene: MemoryScene): Promise<readonly [string, ...string[]]> {
  const [job] = scene.context.jobs;
  assert.ok(job?.kind === "capsule");
  const lax = { ...scene.context, jobs: [{ ...job, keep: { ...job.keep, last: null } }] };
  return backUp({ ...scene, context: lax });
}

const pruneAll: PruneOptions = { jobs: [], dryRun: false, yes: true, signal: noSignal };

const idsOf = ({ context }: MemoryScene) => context.catalog.backups().map((row) => row.id);
const removedOf = ({ pruned }: RunReport) => pruned?.removed.map((one) => one.backup);

test("a complete run removes what its keep calls surplus, and says so in report, row and summary", async () => {
  const scene = await openMemoryScene({ jobs: keeping({ last: 2 }) });
  const first = await oneNight(scene);
  await oneNight(scene);
  const third = await oneNight(scene);
  assert.deepEqual(removedOf(third), [first.backup?.id]);
  assert.deepEqual(third.pruned?.removed[0]?.reasons, ["no rule keeps it"]);
  assert.deepEqual([third.outcome, third.exit, third.pruned?.kept], ["complete", 0, 2]);
  assert.match(third.summary, /^complete, .*; 1 old copy removed \(\d+ B\)$/);
  assert.equal(scene.context.catalog.run(third.runId)?.summary, third.summary);
  assert.equal(idsOf(scene).includes(first.backup?.id ?? ""), false);
});

test("nothing is removed on the word of a backup that is suspect", async () => {
  const scene = await openMemoryScene({ jobs: keeping({ last: 1 }) });
  const before = [...(await backUpUnpruned(scene)), ...(await backUpUnpruned(scene))];
  const { catalog } = createFaultyCatalog(scene.context.catalog, {
    kind: "fail",
    call: 1,
    among: /^profiles$/,
  });
  const suspect = await oneNight({ ...scene, context: { ...scene.context, catalog } });
  assert.deepEqual(
    suspect.backup?.anomalies?.map(({ kind }) => kind),
    ["uncompared"],
  );
  assert.deepEqual(
    before.filter((id) => !idsOf(scene).includes(id)),
    [],
  );
});

test("the newest proven backup stays, however many newer ones there are", async () => {
  const scene = await openMemoryScene({ jobs: keeping({ last: 1 }) });
  const [proven] = await backUpUnpruned(scene);
  const [plain] = await backUpUnpruned(scene);
  const { catalog, clock } = scene.context;
  const of = { job: "capsule", database: null, destinationId: onlyDestinationOf(scene, proven) };
  catalog.putProof(proofRow(proven, clock.now(), of));
  assert.deepEqual(removedOf(await oneNight(scene)), [plain]);
});

function onlyDestinationOf({ context }: MemoryScene, id: string): string {
  return context.catalog.backup("capsule", id)?.copies[0]?.destinationId ?? "";
}

test("F93: nothing is removed by a run that failed, and nothing before the new backup stands", async () => {
  const scene = await openMemoryScene({ jobs: keeping({ last: 1 }) });
  await oneNight(scene);
  const store = storeOf(scene);
  const seen: string[] = [];
  const inner = scene.context.destinations.get("replays");
  assert.ok(inner);
  const watching: Destination = {
    ...inner,
    remove: async (name) => {
      seen.push(...[...store.files.keys()].filter((file) => file.endsWith(".manifest.json")));
      return inner.remove(name);
    },
  };
  const broken = createFaultyDestination(inner, [{ method: "stage", call: 1, kind: "fail" }]);
  const failed = await oneNight(withMemoryDestination(scene, broken));
  assert.deepEqual([failed.outcome, failed.pruned], ["failed", null]);
  assert.equal(idsOf(scene).length, 1);
  await oneNight(withMemoryDestination(scene, watching));
  assert.equal(new Set(seen).size, 2, "both manifests stood when the first file was removed");
  assert.equal(idsOf(scene).length, 1);
});

test("without a rule a run prunes nothing and does not even look", async () => {
  const scene = await openMemoryScene();
  await backUp(scene);
  const report = await oneNight(scene);
  assert.equal(report.pruned, null);
  assert.equal(idsOf(scene).length, 2);
});

test("when more than half would go, the run warns, leaves all, and is complete", async () => {
  const scene = await openMemoryScene();
  for (const _ of [1, 2, 3, 4]) await oneNight(scene);
  const [job] = scene.context.jobs;
  assert.ok(job?.kind === "capsule");
  const stricter = { ...scene.context, jobs: [{ ...job, keep: { ...job.keep, last: 1, minimum: 1 } }] };
  const report = await oneNight({ ...scene, context: stricter });
  assert.deepEqual([report.outcome, report.exit, report.pruned?.refusedAt], ["complete", 0, ["replays"]]);
  assert.match(report.warnings.join(), /more than half would go at once; look with codex-backup prune --job/);
  assert.equal(idsOf(scene).length, 5);
});

test("pruning that fails costs neither the backup nor its outcome, and the run ends with 3", async () => {
  const scene = await openMemoryScene({ jobs: keeping({ last: 1 }) });
  const old = (await oneNight(scene)).backup?.id;
  const inner = scene.context.destinations.get("replays");
  assert.ok(inner);
  const stuck: Destination = {
    ...inner,
    remove: () => Promise.reject(new Error("the storage said no")),
  };
  const report = await oneNight(withMemoryDestination(scene, stuck));
  assert.deepEqual([report.outcome, report.failure, report.exit], ["complete", null, 3]);
  assert.match(report.pruned?.failures[0]?.message ?? "", /the storage said no/);
  assert.match(report.warnings.join(), /^not pruned: /);
  assert.match(report.summary, /; pruning failed/);
  const next = await oneNight(scene);
  assert.equal(next.exit, 0);
  assert.deepEqual(idsOf(scene), [next.backup?.id], `${old} went with the next run`);
});

test("F97, F147: a removal that the storage acknowledges and does not do is told, and tried again", async () => {
  const scene = await openMemoryScene({ jobs: keeping({ last: 1 }) });
  const old = (await oneNight(scene)).backup?.id;
  const inner = scene.context.destinations.get("replays");
  assert.ok(inner);
  const lying: Destination = { ...inner, remove: async () => "removed" };
  const report = await oneNight(withMemoryDestination(scene, lying));
  assert.deepEqual([report.outcome, report.exit, removedOf(report)], ["complete", 3, []]);
  assert.match(report.pruned?.failures[0]?.message ?? "", /still there after it was removed/);
  assert.equal(scene.context.catalog.backup("capsule", old ?? "")?.copies[0]?.state, "removing");
  await oneNight(scene);
  assert.equal(idsOf(scene).length, 1);
  assert.deepEqual(
    [...storeOf(scene).files.keys()].filter((name) => name.startsWith(String(old))),
    [],
  );
});

test("at a destination with rules of its own those hold, at the others the job's", async () => {
  const scene = await openMemoryScene({
    destinations: ["replays", "offsite"],
    jobs: (root) => {
      const [job] = keeping({ last: 1 }, { to: ["replays", "offsite"] })(root);
      assert.ok(job);
      return [{ ...job, keepAt: { offsite: { ...job.keep, last: 3 } } }];
    },
  });
  for (const _ of [1, 2, 3, 4]) await oneNight(scene);
  const manifests = (name: string) =>
    [...storeOf(scene, name).files.keys()].filter((file) => file.endsWith(".manifest.json")).length;
  assert.deepEqual([manifests("replays"), manifests("offsite")], [1, 3]);
});

test("F96: a file that is gone already stops no other removal", async () => {
  const scene = await openMemoryScene({ jobs: keeping({ days: 3 }) });
  const ids = [];
  for (const _ of [1, 2, 3]) ids.push((await oneNight(scene)).backup?.id);
  storeOf(scene).files.delete(`${ids[0]}.zip`);
  const report = await oneNight(scene);
  assert.deepEqual([report.exit, removedOf(report)], [0, [ids[0]]]);
});

test("a destination that is away tonight keeps the others pruned, and is told once", async () => {
  const to = ["replays", "offsite"];
  const scene = await openMemoryScene({ destinations: to, jobs: keeping({ last: 1 }, { to }) });
  await oneNight(scene);
  const away = createMemoryDestination({ name: "offsite" }); // no sentinel
  const report = await oneNight(withMemoryDestination(scene, away));
  assert.deepEqual([report.outcome, report.exit], ["complete", 0]);
  assert.deepEqual(
    report.pruned?.removed.map((one) => one.destination),
    ["replays"],
  );
  assert.deepEqual(report.pruned?.failures, []);
});

test("F99: what another host is writing, and what nobody knows, is left alone", async () => {
  const scene = await openMemoryScene({ jobs: keeping({ last: 1 }) });
  await oneNight(scene);
  const destination = scene.context.destinations.get("replays");
  assert.ok(destination);
  const others = await destination.stage("capsule_other.zip", "20261123T010000Z-0ther1");
  await new Promise<void>((resolve) => others.sink.end(Buffer.from("half of it"), resolve));
  await destination.put("capsule_20200101T000000Z.zip", Buffer.from("theirs"), "r");
  await oneNight(scene);
  assert.deepEqual(
    (await destination.listStaged()).map(({ name }) => name),
    ["capsule_other.zip"],
  );
  assert.ok((await destination.stat("capsule_20200101T000000Z.zip")) !== null);
});

for (const [method, calls] of [
  ["remove", 3],
  ["sync", 2],
  ["list", 2],
] as const) {
  test(`F100: ${method} that breaks in the midst of a removal costs nothing good, and the next run heals`, async () => {
    for (let call = 1; call <= calls; call += 1) {
      const scene = await openMemoryScene({ jobs: keeping({ last: 1 }) });
      const old = (await oneNight(scene)).backup?.id ?? "";
      const [good] = await backUpUnpruned(scene);
      const inner = scene.context.destinations.get("replays");
      assert.ok(inner);
      const broken = createFaultyDestination(inner, [{ method, call, kind: "fail" }]);
      await prune(withMemoryDestination(scene, broken).context, { ...pruneAll });
      assert.deepEqual(broken.pending(), [], `${method} ${call} was reached`);
      assert.ok(storeOf(scene).files.has(`${good}.manifest.json`));
      await prune(scene.context, pruneAll);
      assert.deepEqual(idsOf(scene), [good], `${method} ${call}`);
      assert.deepEqual(
        [...storeOf(scene).files.keys()].filter((name) => name.startsWith(old)),
        [],
      );
    }
  });
}

test("F102: what failed and incomplete runs leave does not stay for ever", async () => {
  const scene = await openMemoryScene({ jobs: keeping({ last: 2 }) });
  const inner = scene.context.destinations.get("replays");
  assert.ok(inner);
  const stuck: Destination = {
    ...inner,
    stage: async (name, runId) => {
      const staged = await inner.stage(name, runId);
      // neither written to its end nor taken away: as after a power cut
      return { ...staged, readBack: () => Promise.reject(new Error("gone")), discard: async () => {} };
    },
  };
  assert.equal((await oneNight(withMemoryDestination(scene, stuck))).outcome, "failed");
  assert.equal((await inner.listStaged()).length, 1);
  await oneNight(scene);
  assert.deepEqual(await inner.listStaged(), []);
});

test("F105: times that the storage gives to files decide nothing", async () => {
  const scene = await openMemoryScene({ jobs: keeping({ days: 3 }) });
  const ids = [];
  for (const _ of [1, 2, 3]) {
    ids.push((await oneNight(scene)).backup?.id);
    for (const file of storeOf(scene).files.values()) file.modifiedMs = 0;
  }
  for (const file of storeOf(scene).files.values()) file.modifiedMs = 8e15;
  assert.deepEqual(removedOf(await oneNight(scene)), [ids[0]]);
});

test("what the catalog expects to lie there is what the manifest says, the manifest itself included", async () => {
  const scene = await openMemoryScene();
  const [id] = await backUp(scene);
  const { catalog } = scene.context;
  const text = catalog.manifestText("capsule", id) ?? "";
  const { files } = JSON.parse(text);
  assert.deepEqual(
    new Map(
      catalog
        .expectedFiles("capsule")
        .get(id)
        ?.map(({ path, sizeBytes }) => [path, sizeBytes]),
    ),
    new Map([
      [null, Buffer.byteLength(text)],
      ...files.map((file: { path: string; sizeBytes: number }) => [file.path, file.sizeBytes]),
    ]),
  );
  assert.deepEqual(catalog.expectedFiles("another"), new Map());
});

test("F97: what stays although its limit of size is passed is told by every run", async () => {
  const scene = await openMemoryScene({ jobs: keeping({ sizeBytes: 20, minimum: 2 }) });
  const sizes = [];
  for (const _ of [1, 2, 3]) sizes.push((await oneNight(scene)).pruned);
  const [, , last] = sizes;
  assert.deepEqual([last?.removed.length, last?.kept], [1, 2]);
  assert.deepEqual(last?.oversizeAt, [{ destination: "replays", sizeBytes: 24, limitBytes: 20 }]);
  const report = await oneNight(scene);
  assert.match(
    report.warnings.join(),
    /what stays takes 24 B at "replays", more than the 20 B of keep\.size/,
  );
  assert.deepEqual([report.outcome, report.exit], ["complete", 0]);
});
