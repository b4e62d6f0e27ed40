import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type MemoryScene,
  noSignal,
  openMemoryScene,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import { type PlainThrowawayOptions, withPlainThrowaways } from "../../../tests/fakes/plain-throwaway.ts";
import { localSource, postgresJob } from "../../../tests/fakes/real-context.ts";
import { Failure } from "../../domain/failure.ts";
import { withProofJobs } from "../../domain/jobs/proof-job.ts";
import { neverProven, type ProveSettings } from "../../domain/jobs/prove-settings.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import { run } from "../run/run.ts";

const source = localSource({ socketDirectory: "/nowhere", port: 5432, user: "codex" });

async function openScene(
  prove: Partial<ProveSettings>,
  options: PlainThrowawayOptions = {},
  to: readonly string[] = ["replays"],
): Promise<MemoryScene> {
  const job = postgresJob(source, { to, prove: { ...neverProven, ...prove } });
  const scene = await openMemoryScene({ jobs: () => withProofJobs([job]), destinations: to });
  return { ...scene, context: withPlainThrowaways(scene.context, options).context };
}

async function runJobs(scene: MemoryScene, ...jobs: readonly string[]): Promise<readonly RunReport[]> {
  scene.advance(60_000);
  const all = jobs.length === 0;
  return run(scene.context, { jobs, all, waitMs: 0, slot: null, signal: noSignal });
}

test("after: each proves the run's own backup, as a run of its own with row and report", async () => {
  const scene = await openScene({ afterEach: true });
  const [backup, proof, more] = await runJobs(scene, "database");
  assert.equal(more, undefined);
  assert.deepEqual([backup?.job, backup?.outcome, backup?.exit], ["database", "complete", 0]);
  assert.deepEqual([proof?.job, proof?.outcome, proof?.level], ["database:prove", "complete", "proven"]);
  assert.match(proof?.summary ?? "", /proven in .*: 1 table, 2 rows/);
  const [row] = scene.context.catalog.runs({ job: "database:prove" });
  assert.deepEqual([row?.outcome, row?.summary, row?.database], ["complete", proof?.summary, "codexdb"]);
  assert.deepEqual(
    (await runJobs(scene)).map(({ job }) => job),
    ["database", "database:prove"],
  );
});

test("a mismatch after a run leaves the backup complete and gives 4, with every difference told", async () => {
  const dumpedBack = (text: string) =>
    text.replace("one", "uno").replace("audit_logs (\n", "audit_logs (\n x integer,\n");
  const scene = await openScene({ afterEach: true }, { dumpedBack });
  const [backup, proof] = await runJobs(scene, "database");
  assert.deepEqual([backup?.outcome, backup?.exit], ["complete", 0]);
  assert.deepEqual([proof?.outcome, proof?.exit, proof?.failure?.code], ["failed", 4, "proof.mismatch"]);
  assert.match(proof?.failure?.message ?? "", /rows of public\.audit_logs differ/);
  assert.ok((proof?.warnings ?? []).length > 0);
});

test("a failed run is followed by no proof", async () => {
  const scene = await openScene({ afterEach: true });
  const connect = () => Promise.reject(new Error("no server"));
  const context = { ...scene.context, postgres: { ...scene.context.postgres, connect } };
  const reports = await runJobs({ ...scene, context }, "database");
  assert.deepEqual(
    reports.map(({ job, outcome }) => [job, outcome]),
    [["database", "failed"]],
  );
});

test("a scheduled proof takes the newest backup, each time the copy that was proven longest ago", async () => {
  const scene = await openScene({ schedule: "0 5 * * 0" }, {}, ["replays", "far"]);
  await runJobs(scene, "database");
  const [newest] = await runJobs(scene, "database");
  const proven: (string | undefined)[] = [];
  for (let night = 0; night < 4; night += 1) {
    const [report] = await runJobs(scene, "database:prove");
    assert.equal(report?.outcome, "complete");
    assert.ok(report?.summary.startsWith(`${newest?.backup?.id} `));
    proven.push(report?.copies[0]?.destination);
  }
  assert.deepEqual(
    [proven[0] === proven[1], proven[0] === proven[2], proven[1] === proven[3]],
    [false, true, true],
  );
});

test("a proof of a job without a good backup fails and says so: nothing was proven", async () => {
  const scene = await openScene({ schedule: "0 5 * * 0" });
  const [report] = await runJobs(scene, "database:prove");
  assert.deepEqual([report?.outcome, report?.failure?.code, report?.exit], ["failed", "proof.nothing", 1]);
});

test("all means proofs with a schedule too, each once", async () => {
  for (const afterEach of [false, true]) {
    const scene = await openScene({ schedule: "0 5 * * 0", afterEach });
    assert.deepEqual(
      (await runJobs(scene)).map(({ job }) => job),
      ["database", "database:prove"],
    );
  }
});

test("a copy that cannot be reached when it is its turn is told, and another one proven", async () => {
  const scene = await openScene({ schedule: "0 5 * * 0" }, {}, ["replays", "far"]);
  await runJobs(scene, "database");
  await runJobs(scene, "database:prove");
  const { destinations, catalog } = scene.context;
  const [proven] = catalog.proofs({ outcome: "proven" });
  const other = [...destinations.values()].find(({ name }) => `id-of-${name}` !== proven?.destinationId);
  assert.ok(other);
  const look = () => Promise.reject(new Failure("destination.missing", "Cannot use it: the share is away"));
  const away = withMemoryDestination(scene, { ...other, look });
  const [report] = await runJobs(away, "database:prove");
  assert.deepEqual(
    [report?.outcome, `id-of-${report?.copies[0]?.destination}`],
    ["complete", proven?.destinationId],
  );
  assert.match(report?.warnings.join() ?? "", new RegExp(`its turn: the copy at "${other.name}": .*is away`));
});
