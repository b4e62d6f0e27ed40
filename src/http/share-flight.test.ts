import assert from "node:assert/strict";
import { test } from "node:test";
import { shareFlight } from "./share-flight.ts";

/** Loads that end when the test says so, and a clock that it moves. */
function openFlights(oldestMs?: number) {
  const loads: { readonly land: (value: string) => void; readonly crash: (error: Error) => void }[] = [];
  let nowMs = 0;
  const load = () =>
    new Promise<string>((land, crash) => {
      loads.push({ land, crash });
    });
  const times = { clock: { monotonicMs: () => nowMs }, keepMs: 1000 };
  const ask = shareFlight(load, oldestMs === undefined ? times : { ...times, oldestMs });
  const landing = async (value: string) => {
    loads.at(-1)?.land(value);
    await Promise.resolve();
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { ask, loads, landing, pass };
}

test("however many ask, one load is made, and again after it has been kept its time", async () => {
  const { ask, loads, landing, pass } = openFlights();
  const answers = Promise.all([ask(), ask(), ask()]);
  await landing("first");
  assert.deepEqual(await answers, ["first", "first", "first"]);
  pass(999);
  assert.equal(await ask(), "first");
  assert.equal(loads.length, 1);
  pass(1);
  const next = ask();
  await landing("second");
  assert.equal(await next, "second");
  assert.equal(loads.length, 2);
});

test("where it is allowed, the answer before is given at once while a new one is loaded, but not for ever", async () => {
  const { ask, loads, landing, pass } = openFlights(3000);
  const first = ask();
  await landing("first");
  await first;
  pass(1500);
  assert.equal(await ask(), "first");
  assert.equal(await ask(), "first");
  assert.equal(loads.length, 2, "one load for both");
  pass(1500);
  const waiting = ask();
  await landing("second");
  assert.equal(await waiting, "second", "a look that hangs is waited for, not hidden");
});

test("a failure is kept as long as an answer, and no longer", async () => {
  const { ask, loads, pass } = openFlights(3000);
  const first = ask();
  loads[0]?.crash(new Error("broken"));
  await assert.rejects(first, /broken/);
  await assert.rejects(ask(), /broken/);
  assert.equal(loads.length, 1);
  pass(3000);
  const next = ask();
  loads[1]?.land("well");
  assert.equal(await next, "well");
});
