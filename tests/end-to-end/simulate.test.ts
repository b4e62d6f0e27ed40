import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { createOperator, type Json, type Operator } from "./cli-tool.ts";

const config = `
version: 1
state: ./state
timezone: Europe/Berlin
destinations:
  store: { path: ./store }
  far: { path: ./far, keep: { monthly: 2, minimum: 1 } }
jobs:
  capsule:
    schedule: "15 2 * * *"
    capsule: { root: ./tree }
    to: [store, far]
    name: "replay_{timestamp}"
    keep: { daily: 3, size: 1 MB, minimum: 1 }
`;

/** Names, sizes and times of everything that simulate could touch. */
function traces(operator: Operator): readonly string[] {
  return ["store", "far", "state/logs"].flatMap((directory) =>
    readdirSync(operator.path(directory)).map((name) => {
      const { size, mtimeMs } = statSync(operator.path(directory, name));
      return `${directory}/${name} ${size} ${mtimeMs}`;
    }),
  );
}

describe("looking ahead", () => {
  let operator: Operator;

  before(async () => {
    operator = createOperator(config);
    assert.equal((await operator.run("destination", "init", "--all")).code, 0);
    assert.equal((await operator.run("run", "capsule")).code, 0);
  });

  test("simulate shows months, first effects, disk and assumptions, and touches nothing", async () => {
    const there = traces(operator);
    const { code, stdout, stderr } = await operator.run("simulate", "--days", "90");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^end of +job +destination +backups +size +made +removed$/m);
    assert.match(stdout, /^now +capsule +store +1 /m);
    assert.match(stdout, /^\d{4}-\d\d-\d\d +capsule +store +3 /m);
    assert.match(stdout, /capsule at far: \S+ the first to be kept only because: monthly 2 of 2$/m);
    assert.match(stdout, /^store needs .* at most \(on \d{4}-\d\d-\d\d, day [34]\): .* it fits$/m);
    assert.match(stdout, /^Assumed: capsule: .* a backup, and too few of them to tell its growth\.$/m);
    assert.match(stdout, /Nothing was touched\.\n$/);
    assert.deepEqual(traces(operator), there);
  });

  test("the document has each day by itself, and a script's events in it", async () => {
    writeFileSync(operator.path("bad.jsonl"), '{"day": 2, "until": 3, "run": "failed"}\n');
    const { code, document } = await operator.json("simulate", "--days", "5", "--script", "bad.jsonl");
    assert.equal(code, 0);
    assert.deepEqual(Object.keys(document).sort(), ["schemaVersion", "simulation"]);
    const { days, start, firsts, disks, assumptions, startedAt } = document.simulation;
    assert.deepEqual(
      days.map(({ made }: Json) => made.length),
      [2, 0, 0, 2, 2],
    );
    assert.deepEqual(Object.keys(days[0]).sort(), ["at", "day", "made", "refused", "removed", "stock"]);
    assert.equal(Date.parse(days[0].at) - Date.parse(startedAt), 86_400_000);
    assert.deepEqual([start.length, disks.length, assumptions.length], [2, 2, 2]);
    assert.ok(firsts.length > 0);
  });

  test("what cannot be simulated is named: a job without backups, a script that cannot be read", async () => {
    assert.equal((await operator.run("simulate", "--job", "nobody")).code, 2);
    const missing = await operator.run("simulate", "--script", "nowhere.jsonl");
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /^Cannot read ".*nowhere\.jsonl": ENOENT/);
    writeFileSync(operator.path("odd.jsonl"), '{"day": 1, "run": "well"}\n');
    const odd = await operator.run("simulate", "--script", "odd.jsonl");
    assert.equal(odd.code, 2);
    assert.match(odd.stderr, /^Cannot read the event at odd\.jsonl:1: /);
  });

  test("a destination that is away is left out, and that is said", async () => {
    const away = createOperator(config);
    const { code, document } = await away.json("simulate", "--days", "3");
    assert.equal(code, 0);
    assert.equal(document.simulation.days[0].made.length, 2);
    assert.equal(document.simulation.disks[0].freeBytes, null);
  });
});
