import assert from "node:assert/strict";
import { test } from "node:test";
import { type MemoryScene, openMemoryScene } from "../../tests/fakes/memory-scene.ts";
import { Failure } from "../domain/failure.ts";
import type { ListedDestination } from "../domain/health/status-report.ts";
import { recordDisk, withForecast } from "./disk-trend.ts";

const hourMs = 3_600_000;
const gb = 1e9;

function listed(freeBytes: number | null, id: string | null = "first"): ListedDestination {
  const totalBytes = freeBytes === null ? null : 500 * gb;
  return { name: "a", location: "/a", id, freeBytes, totalBytes, warnings: [], failure: null };
}

/** So many days, a measurement every ten minutes of the day's first hours, one gigabyte less each day. */
function measure(scene: MemoryScene, days: number, id = "first"): ListedDestination {
  for (let day = 0; day <= days; day++) {
    for (let turn = 0; turn < 4; turn++) {
      recordDisk(scene.context, [listed((100 - day) * gb, id)]);
      scene.advance(hourMs / 6);
    }
    // the last day ends at noon: no measurement lies where one day of the forecast ends and the next begins
    scene.advance((day < days ? 24 : 12) * hourMs - (4 * hourMs) / 6);
  }
  return listed((100 - days) * gb, id);
}

const samplesOf = ({ context }: MemoryScene, id = "first") => context.catalog.diskSamples("a", id, null);

test("the history of a disk that fills becomes a forecast, and one measurement an hour is enough", async () => {
  const scene = await openMemoryScene();
  const now = measure(scene, 10);
  assert.equal(samplesOf(scene).length, 11);
  const [told] = withForecast(scene.context, [now]);
  assert.equal(told?.forecast?.kind, "filling");
  assert.match(told?.summary ?? "", /^82 % full, 90\.0 GB free, full in about 3 months \(2-4\)$/);
});

test("another disk under the same name starts a history of its own", async () => {
  const scene = await openMemoryScene();
  measure(scene, 10);
  const [told] = withForecast(scene.context, [listed(400 * gb, "second")]);
  assert.deepEqual(told?.forecast, { kind: "unknown", measuredDays: 0 });
});

test("a clock that was years ahead for an hour costs neither the history nor the measuring after it", async () => {
  const scene = await openMemoryScene();
  measure(scene, 10);
  scene.advance(3 * 365 * 24 * hourMs);
  recordDisk(scene.context, [listed(90 * gb)]);
  scene.advance(-3 * 365 * 24 * hourMs);
  recordDisk(scene.context, [listed(90 * gb)]);
  assert.equal(samplesOf(scene).length, 13);
  assert.equal(withForecast(scene.context, [listed(90 * gb)])[0]?.forecast?.kind, "filling");
});

test("the history is bounded", async () => {
  const scene = await openMemoryScene();
  for (let hour = 0; hour < 3000; hour++) {
    recordDisk(scene.context, [listed(90 * gb)]);
    scene.advance(hourMs);
  }
  assert.equal(samplesOf(scene).length, 2880);
});

test("a destination that does not tell its size, or cannot be used, has no forecast and no sample", async () => {
  const scene = await openMemoryScene();
  const silent = [listed(null), listed(90 * gb, null)];
  recordDisk(scene.context, silent);
  assert.deepEqual(samplesOf(scene), []);
  for (const { forecast, summary, concern } of withForecast(scene.context, silent))
    assert.deepEqual({ forecast, summary, concern }, { forecast: null, summary: null, concern: null });
});

test("a full state disk does not silence the answer: it is a warning of the destination", async () => {
  const { context } = await openMemoryScene();
  const putDiskSample = () => {
    throw new Failure("catalog.io", "Cannot write catalog: the disk is full");
  };
  const full = { ...context, catalog: { ...context.catalog, putDiskSample } };
  const [told] = recordDisk(full, [listed(90 * gb)]);
  assert.deepEqual(told?.warnings, [
    "how full it is could not be recorded: Cannot write catalog: the disk is full",
  ]);
});
