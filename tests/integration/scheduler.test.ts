import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../src/domain/failure.ts";
import { formatInstant, instant, parseInstant } from "../../src/domain/instant.ts";
import { parseCron, slotsBetween } from "../../src/domain/slots/schedule.ts";
import { capsuleJob, checksumsJob, commandJob, localSource, postgresJob } from "../fakes/real-context.ts";
import { openSchedulerScene } from "./scheduler-scene.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const nightly = () => commandJob(["/bin/true"], { name: "job", schedule: "0 2 * * *" });

test("each slot is started once, within a second and a half of its minute, for a week", async () => {
  const scene = openSchedulerScene({ start: "2026-11-20T12:00:00.400Z", jobs: [nightly()] });
  await scene.boot();
  for (let day = 0; day < 7; day += 1) {
    await scene.clock.pass(dayMs);
    assert.equal(scene.starts().length, day + 1);
  }
  for (const row of scene.context.catalog.runs()) {
    assert.ok(row.slot !== null && row.startedAt - row.slot < 1500, formatInstant(row.startedAt));
  }
  await scene.stop();
});

test("F47 the loop rests whatever the clock does, and says the same thing at most every ten minutes", async () => {
  const scene = openSchedulerScene({ start: "2026-11-20T12:00:00Z", jobs: [nightly()] });
  const broken = { ...scene.context.catalog };
  Object.assign(scene.context.catalog, {
    slots: () => {
      throw new Error("the disk is gone");
    },
  });
  await scene.boot();
  const before = scene.clock.fired();
  await scene.clock.pass(hourMs);
  assert.ok(scene.clock.fired() - before <= 2 * 60 + 2, `${scene.clock.fired() - before} timers`);
  assert.ok(scene.log.filter((line) => line.includes("the disk is gone")).length <= 7);
  Object.assign(scene.context.catalog, broken);
  scene.clock.leap(-400 * dayMs);
  await scene.clock.pass(hourMs);
  scene.clock.leap(800 * dayMs);
  const later = scene.clock.fired();
  await scene.clock.pass(hourMs);
  assert.ok(scene.clock.fired() - later <= 3 * 60 + 10);
  await scene.stop();
});

test("F49 a scheduler that was dead for two slots makes up for it with one run, and one missed row", async () => {
  const scene = openSchedulerScene({ start: "2026-11-20T12:00:00Z", jobs: [nightly()] });
  await scene.boot();
  await scene.clock.pass(dayMs);
  scene.kill();
  await scene.clock.pass(2 * dayMs);
  await scene.boot();
  await scene.clock.pass(hourMs);
  assert.deepEqual(scene.starts(), ["job 2026-11-21T02:00", "job 2026-11-23T02:00"]);
  const missed = scene.context.catalog.slots({ job: "job" }).filter(({ state }) => state === "missed");
  assert.deepEqual(
    missed.map(({ slot }) => formatInstant(slot)),
    ["2026-11-22T02:00:00.000Z"],
  );
  await scene.stop();
});

test("a machine that slept over its slot runs it within a minute of waking", async () => {
  const scene = openSchedulerScene({ start: "2026-11-20T12:00:00Z", jobs: [nightly()] });
  await scene.boot();
  scene.clock.leap(20 * hourMs);
  await scene.clock.pass(61_000);
  assert.deepEqual(scene.starts(), ["job 2026-11-21T02:00"]);
  await scene.stop();
});

test("F50 a slot that comes while the job runs is skipped, with a row and a line", async () => {
  const job = { ...nightly(), schedule: "0 * * * *" };
  const scene = openSchedulerScene({ start: "2026-11-20T12:30:00Z", jobs: [job], isSlow: true });
  await scene.boot();
  await scene.clock.pass(2 * hourMs);
  assert.deepEqual(scene.starts(), ["job 2026-11-20T13:00"]);
  const [row] = scene.context.catalog.slots({ job: "job" });
  assert.deepEqual([row?.state, row?.reason], ["skipped", "busy"]);
  assert.match(scene.log.join("\n"), /job: slot 2026-11-20T14:00:00.000Z skipped: busy/);
  scene.started[0]?.end();
  await scene.clock.pass(hourMs);
  assert.deepEqual(scene.starts().at(-1), "job 2026-11-20T15:00");
  scene.started[1]?.end();
  await scene.stop();
});

test("F52 a run by hand goes through the same queue: busy while the job runs or waits, and it counts for the limit", async () => {
  const jobs = ["one", "two", "three"].map((name) => ({ ...nightly(), name }));
  const scene = openSchedulerScene({ start: "2026-11-20T12:00:00Z", jobs, isSlow: true });
  const scheduler = await scene.boot();
  const first = await scheduler.request("one");
  assert.equal(first.slot, null);
  await assert.rejects(
    scheduler.request("one"),
    (error) => error instanceof Failure && error.code === "run.busy",
  );
  await scheduler.request("two");
  const third = scheduler.request("three");
  await assert.rejects(scheduler.request("three"), /waits for its turn/);
  await assert.rejects(
    scheduler.request("four"),
    (error) => error instanceof Failure && error.code === "usage.unknown-job",
  );
  assert.equal(scene.started.length, 2, "two at once");
  scene.started[0]?.end();
  await scene.clock.pass(0);
  assert.equal((await third).job, "three");
  assert.ok(scheduler.cancel("three") && !scheduler.cancel("one"));
  assert.ok(scene.started[2]?.wish.signal.aborted);
  scene.started[1]?.end();
  await scene.stop();
});

test("jobs of one database server, and a directory's checksums, follow each other; others run beside them", async () => {
  const source = localSource({ socketDirectory: "/run/pg", port: 5432, user: "u" });
  const schedule = "0 2 * * *";
  const jobs = [
    postgresJob(source, { name: "first", schedule }),
    postgresJob({ ...source, host: "localhost" }, { name: "same", schedule }),
    postgresJob({ ...source, port: 5433 }, { name: "other", schedule }),
    capsuleJob("/tree", { name: "capsule", schedule, to: ["store"] }),
    checksumsJob("store", { name: "checksums", schedule }),
  ];
  const scene = openSchedulerScene({ start: "2026-11-20T12:00:00Z", jobs, isSlow: true, concurrency: 9 });
  await scene.boot();
  await scene.clock.pass(15 * hourMs);
  const names = () => scene.started.map(({ job }) => job);
  assert.deepEqual(names(), ["first", "other", "capsule"]);
  scene.started[0]?.end();
  scene.started[2]?.end();
  await scene.clock.pass(1000);
  assert.deepEqual(names(), ["first", "other", "capsule", "same", "checksums"]);
  for (const run of scene.started) run.end();
  await scene.stop();
});

test("asked to end, it starts nothing more, waits for what runs, then asks that to end too", async () => {
  const jobs = ["one", "two", "three"].map((name) => ({ ...nightly(), name }));
  const scene = openSchedulerScene({ start: "2026-11-20T01:59:00Z", jobs, isSlow: true });
  await scene.boot();
  await scene.clock.pass(2 * minuteMs);
  const ended = scene.stop();
  await scene.clock.pass(30_000);
  scene.started[0]?.end();
  await scene.clock.pass(10_000);
  assert.deepEqual(scene.starts().length, 2, "the third is not started any more");
  assert.equal(scene.started[1]?.wish.signal.aborted, false);
  await scene.clock.pass(30_000);
  assert.equal(scene.started[1]?.wish.signal.aborted, true);
  await ended;
});

test("F55 a run whose process is gone holds nothing up: its row is closed, and its slot is run once more", async () => {
  const scene = openSchedulerScene({ start: "2026-11-20T12:00:00Z", jobs: [nightly()], isSlow: true });
  await scene.boot();
  await scene.clock.pass(15 * hourMs);
  scene.kill();
  await scene.boot();
  await scene.clock.pass(2 * minuteMs);
  assert.deepEqual(scene.starts(), ["job 2026-11-21T02:00", "job 2026-11-21T02:00"]);
  assert.equal(scene.context.catalog.runs().at(-1)?.failure?.code, "run.died");
  scene.started[1]?.end();
  await scene.clock.pass(3 * hourMs);
  assert.equal(scene.starts().length, 2);
  await scene.stop();
});

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 5 * hourMs }) }),
    fc.record({ kind: fc.constant("leap" as const), ms: fc.integer({ min: -20 * hourMs, max: 3 * dayMs }) }),
    fc.record({ kind: fc.constant("boot" as const), ms: fc.integer({ min: 0, max: 2 * dayMs }) }),
  ),
  { minLength: 3, maxLength: 14 },
);

test("whatever the clock and the process do, no slot runs twice and none is without a row", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom("0 2 * * *", "17 * * * *", "0 */6 * * *"), async (all, cron) => {
      const start = "2026-11-20T12:00:00Z";
      const scene = openSchedulerScene({ start, jobs: [{ ...nightly(), schedule: cron }] });
      await scene.boot();
      let lowest = scene.clock.now();
      for (const { kind, ms } of all) {
        if (kind === "leap") scene.clock.leap(ms);
        if (kind === "boot") scene.kill();
        if (kind !== "leap") await scene.clock.pass(ms);
        if (kind === "boot") await scene.boot();
        lowest = instant(Math.min(lowest, scene.clock.now()));
      }
      await scene.clock.pass(2 * minuteMs);
      const starts = scene.starts();
      assert.equal(new Set(starts).size, starts.length, `twice: ${starts.join(", ")}`);
      const now = scene.clock.now();
      const from = parseInstant(start) ?? lowest;
      const rows = new Set<number>(scene.context.catalog.slots({ job: "job" }).map(({ slot }) => slot));
      for (const slot of slotsBetween(parseCron(cron, "UTC"), from, now))
        assert.ok(rows.has(slot), `no row for ${formatInstant(slot)} at ${formatInstant(now)}`);
      await scene.stop();
    }),
    { numRuns: 12 },
  );
});
