/**
 * A month with proofs, with real dumps of a real server, real restores and a clock that we set: a proof each week,
 * ten nights that fail, two dumps that lack a table, a clock that is a year ahead for some nights. The newest good,
 * the newest proven and the held backups stand each morning, and what stands is what `simulate` had said.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Instant, instant } from "../../src/domain/instant.ts";
import type { Job, KeepPolicy } from "../../src/domain/jobs/job.ts";
import { parseScript, type ScriptEvent } from "../../src/domain/simulation/simulate-script.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import { postgresJob } from "../fakes/real-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { createWallClock, dayMs, firstNight, foretold, latest, standing } from "./nights.ts";
import { sourceOf } from "./postgres-at.ts";
import { openScene, runOne, type Scene } from "./run-scene.ts";

const nights = 30;
/** Nights that really happened before anything is foretold: fewer are no history for the anomaly gate. */
const prelude = 4;
const places = ["backups", "offsite"] as const;
const signal = new AbortController().signal;

const script = `
{"day": 3, "hold": "latest"}
{"day": 2, "prove": "latest"}
{"day": 5, "until": 14, "run": "failed"}
{"day": 9, "prove": "latest"}
{"day": 16, "prove": "latest"}
{"day": 17, "run": "suspect"}
{"day": 19, "clock": "+365d"}
{"day": 21, "run": "suspect"}
{"day": 23, "clock": "-365d"}
{"day": 24, "prove": "latest"}
`;

let server: PostgresTestServer;

before(async () => {
  server = await startPostgres();
  await server.createDatabase("codexdb");
  await server.psql(
    "create table night (at int); insert into night select generate_series(1, 300)",
    "codexdb",
  );
});

after(() => server.stop());

function jobOf(): Job {
  const job = postgresJob(sourceOf(server), { schedule: "0 2 * * *", to: places });
  const keep = (rules: Partial<KeepPolicy>) => ({ ...job.keep, minimum: 2, ...rules });
  return { ...job, keep: keep({ daily: 4, weekly: 3 }), keepAt: { offsite: keep({ days: 6 }) } };
}

/** All that must outlive whatever happens. */
interface Precious {
  good: string;
  proven: string | null;
  readonly held: Set<string>;
}

/** What the script says of the morning before the run. */
async function makeHappen(scene: Scene, events: readonly ScriptEvent[], precious: Precious): Promise<void> {
  const operations = createOperations(scene.context);
  const suspect = events.some((event) => "run" in event && event.run === "suspect");
  const fails = events.some((event) => "run" in event && event.run === "failed");
  await server.psql("alter database codexdb allow_connections true");
  const ledger = "create table if not exists ledger as select generate_series(1, 150) as entry";
  await server.psql(suspect ? "drop table ledger" : ledger, "codexdb");
  if (fails) await server.psql("alter database codexdb allow_connections false");
  for (const event of events) {
    const { id } = latest(scene, "database");
    if ("hold" in event) {
      await operations.hold({ backup: id, who: "operator", why: "test" });
      precious.held.add(id);
    }
    if ("prove" in event) {
      const chosen = { backups: [id], job: null, latest: false, all: false, destination: null };
      const how = { identityFile: null, server: null, waitMs: 0, signal };
      const [proof] = await operations.prove({ ...chosen, ...how });
      assert.equal(proof?.outcome, "proven", JSON.stringify(proof));
      precious.proven = id;
    }
  }
}

function eventsOn(events: readonly ScriptEvent[], day: number): readonly ScriptEvent[] {
  return events.filter(
    (event) => event.day <= day && day <= ("until" in event ? (event.until ?? event.day) : event.day),
  );
}

test("thirty nights with proofs, failures, suspect dumps and a clock a year ahead lose nothing that is precious", async () => {
  const home = temporaryDirectory("proven-nights");
  const { clock, set } = createWallClock();
  const scene = await openScene({ home, jobs: [jobOf()], destinations: places, clock });
  const precious: Precious = { good: "", proven: null, held: new Set() };
  const wallAt = (night: number): Instant => instant(firstNight + night * dayMs);
  for (let night = 0; night < prelude; night += 1) {
    set(wallAt(night));
    await makeHappen(scene, [], precious);
    const { outcome, backup, failure } = await runOne(scene);
    assert.equal(outcome, "complete", failure?.message ?? "");
    precious.good = backup?.id ?? "";
  }
  set(instant(wallAt(prelude - 1) + 3_600_000));
  const events = parseScript(script, "script");
  const simulation = await createOperations(scene.context).simulate({
    jobs: [],
    days: nights,
    script: events,
  });
  const expected = foretold(simulation, scene);

  let offsetMs = 0;
  const suspects: number[] = [];
  for (let day = 1; day <= nights; day += 1) {
    const today = eventsOn(events, day);
    for (const event of today) if ("clock" in event) offsetMs += event.clock;
    set(instant(wallAt(prelude - 1 + day) + offsetMs));
    await makeHappen(scene, today, precious);
    const { outcome, backup, failure } = await runOne(scene);
    const fails = today.some((event) => "run" in event && event.run === "failed");
    assert.equal(outcome, fails ? "failed" : "complete", `day ${day}: ${failure?.message}`);
    if (backup !== null) precious.good = backup.id;
    if ((backup?.anomalies.length ?? 0) > 0) suspects.push(day);
    for (const place of places) {
      const here = standing(scene, place);
      assert.deepEqual(here, expected[day - 1]?.get(place), `day ${day} at ${place}`);
      for (const id of [precious.good, precious.proven, ...precious.held])
        if (id !== null) assert.ok(here.includes(id), `${id} at ${place} on day ${day}`);
    }
  }
  assert.deepEqual(suspects, [17, 21]);
  const removed = simulation.days.filter((day) => day.removed.length > 0).map(({ day }) => day);
  assert.ok(removed.length >= 10, `something was removed on ${removed.length} days`);
  for (const day of [5, 10, 14, 17, 19, 21, 23])
    assert.ok(!removed.includes(day), `nothing goes on day ${day}`);
  assert.equal(standing(scene, "backups").length < nights, true, join(home, "backups"));
});
