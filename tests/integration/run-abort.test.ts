import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { Failure } from "../../src/domain/failure.ts";
import { createFaultyDestination } from "../fakes/faulty-destination.ts";
import { createPlainCapsules } from "../fakes/plain-capsules.ts";
import { capsuleJob, postgresJob } from "../fakes/real-context.ts";
import { loadCodex } from "../fixtures/codex.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { sourceOf } from "./postgres-at.ts";
import {
  assertFailed,
  assertSound,
  assertUntouched,
  openScene,
  published,
  runAll,
  runOne,
  runWell,
  type Scene,
  withDestination,
} from "./run-scene.ts";

let server: PostgresTestServer;

before(async () => {
  server = await startPostgres();
  await loadCodex(server, { rows: 200 });
});

after(() => server.stop());

const interrupted = () =>
  new Failure("run.interrupted", "Cannot go on: SIGTERM", { hint: "Run the job again." });

/** Interrupts a run at the n-th call of its destination. Null when there are fewer. */
async function interruptAt(scene: Scene, call: number) {
  const stop = new AbortController();
  const inner = scene.context.destinations.get("backups");
  assert.ok(inner);
  let calls = 0;
  const tapped = createFaultyDestination(inner, [], {
    onCall: () => {
      calls += 1;
      if (calls === call) stop.abort(interrupted());
    },
  });
  const report = await runOne(withDestination(scene, tapped), { signal: stop.signal });
  return calls < call ? null : { report, at: tapped.calls[call - 1] ?? "" };
}

/** Interrupts at every n-th call in turn; returns where it was, with what came of it. */
async function interruptEverywhere(scene: Scene, step = 1): Promise<ReadonlyMap<string, string>> {
  const seen = new Map<string, string>();
  for (let call = 1; ; call += step) {
    const before = published(scene);
    const end = await interruptAt(scene, call);
    if (end === null) return seen;
    const { report, at } = end;
    seen.set(at.split(" ")[0] ?? at, report.outcome);
    if (report.outcome !== "complete") {
      assertFailed(scene, report, "run.interrupted", 143);
      assert.deepEqual(published(scene), before, at);
    }
    await assertSound(scene);
    assertUntouched(before);
    await runWell(scene);
    await assertSound(scene);
  }
}

test("a capsule that is interrupted anywhere is whole or gone, and the next run heals", async () => {
  const scene = await openScene({ jobs: [capsuleJob("/tree", { to: ["backups"] })] });
  const capsules = createPlainCapsules(Buffer.alloc(20_000, "replay"));
  const seen = await interruptEverywhere({ ...scene, context: { ...scene.context, capsules } });
  assert.deepEqual(
    ["ready", "stage", "sink.write", "readBack"].map((method) => seen.get(method)),
    ["failed", "failed", "failed", "failed"],
  );
  // Once publishing has begun, the few steps that are left are done: half of it would help nobody.
  assert.deepEqual(
    ["publish", "put"].map((method) => seen.get(method)),
    ["complete", "complete"],
  );
});

test("a dump that is interrupted anywhere is whole or gone, and leaves no connection", async () => {
  const scene = await openScene({ jobs: [postgresJob(sourceOf(server))] });
  await interruptEverywhere(scene, 4);
  const ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'codex-backup-%'";
  assert.equal(await server.psql(ours), "0");
});

test("a run that is interrupted in the middle of the dump ends pg_dump and leaves nothing", async () => {
  await server.psql(
    "CREATE TABLE large AS SELECT repeat(md5(n::text), 100) AS text FROM generate_series(1, 20000) n",
    "codexdb",
  );
  const stop = new AbortController();
  const scene = await openScene({ jobs: [postgresJob(sourceOf(server))] });
  const onProgress: Scene["context"]["onProgress"] = ({ step, doneBytes }) => {
    if (step === "dump" && doneBytes > 5_000_000) stop.abort(interrupted());
  };
  const report = await runOne(
    { ...scene, context: { ...scene.context, onProgress } },
    { signal: stop.signal },
  );
  assertFailed(scene, report, "run.interrupted", 143);
  assert.deepEqual(
    readdirSync(scene.directories[0] ?? "").filter((name) => name.includes("codexdb")),
    [],
  );
  await assertSound(scene);
  await server.psql("DROP TABLE large", "codexdb");
  await runWell(scene);
});

test("of several databases, those that an interrupted run did not come to have their failed rows", async () => {
  await server.psql("CREATE DATABASE second");
  const stop = new AbortController();
  const databases = { kind: "named", names: ["codexdb", "second"] } as const;
  const scene = await openScene({ jobs: [postgresJob(sourceOf(server), { databases })] });
  const onProgress = () => stop.abort(interrupted());
  const reports = await runAll(
    { ...scene, context: { ...scene.context, onProgress } },
    { signal: stop.signal },
  );
  assert.deepEqual(
    reports.map((report) => [report.database, report.failure?.code]),
    [
      ["codexdb", "run.interrupted"],
      ["second", "run.interrupted"],
    ],
  );
});

test("a busy job is told at once, waits when it may, and harms nobody", async () => {
  const job = capsuleJob("/tree", { to: ["backups"] });
  const home = (await openScene({ jobs: [job] })).home;
  const gate = Promise.withResolvers<void>();
  const capsules = createPlainCapsules(Buffer.alloc(20_000, "replay"));
  const slow: typeof capsules = {
    ...capsules,
    write: async (source, sink, options) => {
      await gate.promise;
      return capsules.write(source, sink, options);
    },
  };
  const [first, second] = [await openScene({ jobs: [job], home }), await openScene({ jobs: [job], home })];
  const running = runWell({ ...first, context: { ...first.context, capsules: slow } });
  const other: Scene = { ...second, context: { ...second.context, capsules } };
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  running.then(over, over);
  while (second.context.catalog.runs().length === 0 && !isOver)
    await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isOver, false, "the first run waits at its gate");

  const refused = await runOne(other);
  assert.deepEqual([refused.outcome, refused.exit, refused.failure?.code], ["skipped", 5, "run.busy"]);
  assert.match(refused.failure?.message ?? "", /run \S+ \(process \d+ on \S+\) has been at it/);
  const waiting = runOne(other, { waitMs: 60_000 });
  const tooLong = await runOne(other, { waitMs: 300 });
  assert.equal(tooLong.failure?.code, "run.busy");
  const stop = new AbortController();
  const { clock } = other.context;
  const stopping = {
    ...clock,
    after: (delayMs: number, call: () => void) => {
      stop.abort(interrupted()); // its first wait: it has found the lock taken
      return clock.after(delayMs, call);
    },
  };
  const impatient = { ...other, context: { ...other.context, clock: stopping } };
  const interruptible = runOne(impatient, { waitMs: 60_000, signal: stop.signal });
  assertFailed(other, await interruptible, "run.interrupted", 143);

  gate.resolve();
  const done = [await running, await waiting];
  assert.deepEqual(
    done.map((report) => report.outcome),
    ["complete", "complete"],
  );
  await assertSound(other);
  assert.equal(second.context.catalog.backups().length, 2);
});
