/**
 * A month as operators fear it, with real dumps of a real server and a clock that we set: ten nights fail, the
 * clock jumps a year ahead and back, the host is down, backups are held and released. What `simulate` had said
 * beforehand is compared with what is there, night by night and backup by backup.
 */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { instant } from "../../src/domain/instant.ts";
import type { Job, KeepPolicy } from "../../src/domain/jobs/job.ts";
import { parseScript, type ScriptEvent } from "../../src/domain/simulation/simulate-script.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import { capsuleJob, postgresJob } from "../fakes/real-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { createWallClock, dayMs, firstNight, foretold, latest, standing } from "./nights.ts";
import { sourceOf } from "./postgres-at.ts";
import { assertSoundDirectory, openScene, runAll, type Scene } from "./run-scene.ts";

const nights = 30;
/** Nights that really happened before anything is foretold. */
const prelude = 3;

const script = `
# day 1 is the first night after the simulation was asked for
{"day": 3, "job": "database", "hold": "latest"}
{"day": 5, "until": 14, "job": "database", "run": "failed"}
{"day": 17, "clock": "+365d"}
{"day": 20, "job": "database", "hold": "latest"}
{"day": 21, "clock": "-365d"}
{"day": 25, "job": "capsule", "hold": "capsule_20261216T020000Z"}
{"day": 26, "run": "none"}
{"day": 28, "job": "capsule", "release": "capsule_20261216T020000Z"}
`;

let server: PostgresTestServer;

before(async () => {
  server = await startPostgres();
  await server.createDatabase("codexdb");
  await server.psql(
    "create table night (at int); insert into night select generate_series(1, 100)",
    "codexdb",
  );
});

after(() => server.stop());

function jobsOver(root: string): readonly Job[] {
  const database = postgresJob(sourceOf(server), { schedule: "0 2 * * *", to: ["backups", "offsite"] });
  const capsule = capsuleJob(root, { schedule: "0 2 * * *" });
  const keep = (rules: Partial<KeepPolicy>) => ({ ...database.keep, minimum: 2, ...rules });
  return [
    { ...database, keep: keep({ daily: 4, weekly: 3 }), keepAt: { offsite: keep({ days: 6 }) } },
    { ...capsule, keep: keep({ sizeBytes: 1200 }) },
  ];
}

/** What the script says of a day really happens: to the server, the clock, the marks. */
async function makeHappen(scene: Scene, events: readonly ScriptEvent[], day: number): Promise<void> {
  const fails = events.some((event) => "run" in event && event.run === "failed");
  await server.psql(`alter database codexdb allow_connections ${!fails}`);
  const operations = createOperations(scene.context);
  for (const event of events) {
    const who = "operator";
    if ("hold" in event && event.day === day)
      await operations.hold({
        backup: event.hold === "latest" ? latest(scene, event.job).id : event.hold,
        who,
        why: "test",
      });
    if ("release" in event) await operations.release({ backup: event.release, who });
  }
}

/** Whatever happened: the newest good dump is where it was made, and so is everything that was ever held. */
function assertPreciousStand(scene: Scene, made: readonly string[], held: ReadonlySet<string>): void {
  for (const place of ["backups", "offsite"]) {
    const here = standing(scene, place);
    assert.ok(here.includes(made.at(-1) ?? ""), `the newest good dump at ${place}`);
    for (const id of held) assert.ok(here.includes(id), `${id}, held, at ${place}`);
  }
}

test("thirty nights: what matters stands each morning, and simulate had said exactly what happens", async () => {
  const home = temporaryDirectory("thirty-nights");
  const root = join(home, "tree");
  mkdirSync(root);
  writeFileSync(join(root, "audit.log"), "one\n");
  const { clock, set } = createWallClock();
  const scene = await openScene({
    home,
    jobs: jobsOver(root),
    destinations: ["backups", "offsite", "replays"],
    clock,
  });
  const good: string[] = [];
  for (let night = 0; night < prelude; night += 1) {
    set(instant(firstNight + night * dayMs));
    for (const { outcome, failure, backup, job } of await runAll(scene)) {
      assert.equal(outcome, "complete", failure?.message ?? job);
      if (job === "database") good.push(backup?.id ?? "");
    }
  }
  const start = instant(firstNight + (prelude - 1) * dayMs + 3_600_000);
  set(start);
  const events = parseScript(script, "script");
  const before = [...scene.context.catalog.backups()];
  const simulation = await createOperations(scene.context).simulate({
    jobs: [],
    days: nights,
    script: events,
  });
  assert.deepEqual(scene.context.catalog.backups(), before, "simulating touches nothing");
  const expected = foretold(simulation, scene);

  const held = new Set<string>();
  let offsetMs = 0;
  for (let day = 1; day <= nights; day += 1) {
    const today = events.filter(
      (event) => event.day <= day && day <= ("until" in event ? (event.until ?? event.day) : event.day),
    );
    for (const event of today) if ("clock" in event) offsetMs += event.clock;
    set(instant(firstNight + (prelude - 1 + day) * dayMs + offsetMs));
    await makeHappen(scene, today, day);
    if (today.some((event) => "hold" in event && event.job === "database"))
      held.add(latest(scene, "database").id);
    const isDown = today.some((event) => "run" in event && event.run === "none");
    for (const { job, outcome, backup } of isDown ? [] : await runAll(scene)) {
      const fails = job === "database" && today.some((event) => "run" in event);
      assert.equal(outcome, fails ? "failed" : "complete", `${job} on day ${day}`);
      if (job === "database" && backup !== null) good.push(backup.id);
    }
    for (const place of ["backups", "offsite", "replays"])
      assert.deepEqual(standing(scene, place), expected[day - 1]?.get(place), `day ${day} at ${place}`);
    assertPreciousStand(scene, good, held);
    for (const { job, destination, backups, sizeBytes } of simulation.days[day - 1]?.stock ?? []) {
      const rows = scene.context.catalog
        .backups({ job })
        .filter(({ copies }) => copies.some((copy) => copy.destination === destination));
      const bytes = rows.reduce((sum, row) => sum + row.sizeBytes, 0);
      assert.deepEqual([rows.length, bytes], [backups, sizeBytes], `${job} at ${destination} on day ${day}`);
    }
  }
  for (const path of scene.directories) await assertSoundDirectory(path);
  const removed = simulation.days.flatMap((day) => day.removed);
  assert.ok(removed.length > 30, `${removed.length} removals were foretold and seen`);
  const removedOn = (days: readonly number[], job: string) =>
    simulation.days
      .filter(({ day }) => days.includes(day))
      .flatMap((day) => day.removed.filter((one) => one.job === job));
  assert.deepEqual(removedOn([5, 6, 7, 8, 9, 10, 11, 12, 13, 14], "database"), [], "while it fails");
  for (const job of ["database", "capsule"])
    assert.deepEqual(removedOn([17, 18, 21], job), [], "after the clock has jumped");
});
