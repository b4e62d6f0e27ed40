import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import {
  type MemoryScene,
  noSignal,
  openMemoryScene,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import { type PlainThrowawayOptions, withPlainThrowaways } from "../../../tests/fakes/plain-throwaway.ts";
import { proveOne } from "../../../tests/fakes/proof-scene.ts";
import { localSource, postgresJob } from "../../../tests/fakes/real-context.ts";
import { Failure } from "../../domain/failure.ts";
import { withProofJobs } from "../../domain/jobs/proof-job.ts";
import { neverProven, type ProveSettings } from "../../domain/jobs/prove-settings.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import { type Context, jobNamed } from "../context.ts";
import { run } from "../run/run.ts";
import { status, statusByCatalog } from "../status.ts";

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

/** The same machine, whose database holds nothing at all. */
function emptied(scene: MemoryScene): MemoryScene {
  const { postgres } = scene.context;
  const text = "--\n-- PostgreSQL database dump\n--\n\n--\n-- PostgreSQL database dump complete\n--\n\n";
  const connect: typeof postgres.connect = async (...given) => {
    const server = await postgres.connect(...given);
    const openSnapshot: typeof server.openSnapshot = async (...asked) => ({
      ...(await server.openSnapshot(...asked)),
      dumpable: [],
      startDump: async () => ({
        stream: Readable.from([Buffer.from(text)], { objectMode: false }),
        finish: async () => [],
        cancel: async () => undefined,
      }),
    });
    return { ...server, openSnapshot };
  };
  return { ...scene, context: { ...scene.context, postgres: { ...postgres, connect } } };
}

test("a planned proof of an empty database is complete and never proven; the job is well, and it is told once", async () => {
  const scene = emptied(withAlerts(await openScene({ afterEach: true })));
  for (let night = 0; night < 2; night += 1) {
    const [backup, proof] = await runJobs(scene, "database");
    assert.deepEqual([backup?.outcome, proof?.outcome, proof?.exit], ["complete", "complete", 0]);
    assert.match(proof?.summary ?? "", /nothing to prove, it is empty/);
    scene.advance(24 * 3_600_000);
  }
  assert.equal(scene.context.catalog.backups()[0]?.provenAt, null);
  const [job, planned] = (await status(scene.context)).jobs;
  assert.deepEqual([job?.healthy, job?.newestProven], [true, null]);
  assert.deepEqual([planned?.job, planned?.database, planned?.healthy], ["database:prove", "codexdb", true]);
  assert.match(job?.reason ?? "", /; nothing to prove: it is empty$/);
  assert.deepEqual(subjectsOf(scene, "NOTHING TO PROVE").length, 1);
  assert.equal(subjectsOf(scene, "").length, 1, "and nothing else was told");
});

/** One channel, which nobody empties. */
function withAlerts(scene: MemoryScene): MemoryScene {
  const alerts: Context["alerts"] = {
    settings: {
      channels: [{ kind: "exec", name: "exec", argv: ["/bin/true"] }],
      rules: [],
      digest: { schedule: null, channels: null },
    },
    pinged: new Set(),
    timezone: "UTC",
    sender: () => Promise.reject(new Error("nothing is delivered here")),
    startDelivery: () => undefined,
  };
  return { ...scene, context: { ...scene.context, alerts } };
}

function subjectsOf({ context }: MemoryScene, lead: string): readonly string[] {
  const waiting = context.catalog.undelivered();
  return waiting.flatMap(({ content }) =>
    content.kind === "alert" && content.message.subject.startsWith(lead) ? [content.message.subject] : [],
  );
}

test("a proof by hand that fails is told once, and a good one ends it; a planned one is told of its own run", async () => {
  const broken = new Failure("postgres.restore-failed", "Cannot restore: ERROR");
  let isBroken = true;
  const dumpedBack = (text: string) => {
    if (isBroken) throw broken;
    return text;
  };
  const scene = withAlerts(await openScene({ schedule: "0 5 * * 0" }, { dumpedBack }));
  await runJobs(scene, "database");
  const concerns = () =>
    statusByCatalog(scene.context, jobNamed(scene.context, "database"))[0]?.concerns.map(({ kind }) => kind);
  assert.equal((await runJobs(scene, "database:prove"))[0]?.outcome, "failed");
  assert.deepEqual([concerns(), subjectsOf(scene, "FAILED: database:prove (codexdb)").length], [[], 1]);
  for (let tries = 0; tries < 2; tries += 1) assert.equal((await proveOne(scene)).outcome, "failed");
  assert.deepEqual([concerns(), subjectsOf(scene, "UNPROVEN").length], [["unproven"], 1]);
  await runJobs(scene, "database:prove");
  assert.deepEqual(concerns(), ["unproven"], "that another one failed since does not end it");
  isBroken = false;
  assert.equal((await proveOne(scene)).outcome, "proven");
  assert.deepEqual([concerns(), subjectsOf(scene, "Recovered: database (codexdb)").length], [[], 1]);
});
