import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Instant, instant } from "../instant.ts";
import { describeDisk, diskConcern } from "./disk-concern.ts";
import { type DiskForecast, type DiskSample, dayMs, forecastDisk } from "./disk-forecast.ts";

const now = instant(Date.parse("2026-11-23T02:00:00Z"));
const gb = 1e9;

/** One sample a day, the last one now; `growthOn` says what each day adds. */
function history(days: number, growthOn: (day: number) => number, freeBytes: number): readonly DiskSample[] {
  const used = [400 * gb];
  for (let day = 0; day < days; day++) used.push((used[day] ?? 0) + growthOn(day));
  const totalBytes = Math.round((used.at(-1) ?? 0) + freeBytes);
  return used.map((usedBytes, day) => ({
    at: instant(now - (days - day) * dayMs),
    freeBytes: totalBytes - Math.round(usedBytes),
    totalBytes,
  }));
}

/** Repeatable numbers that look random: Knuth's constants. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
}

const inDays = (at: Instant) => (at - now) / dayMs;

function filling(forecast: DiskForecast): DiskForecast & { readonly kind: "filling" } {
  assert.equal(forecast.kind, "filling");
  return forecast;
}

test("a disk that fills by the same each day is full on the day that the division gives", () => {
  const forecast = filling(
    forecastDisk(
      history(30, () => gb, 60 * gb),
      now,
    ),
  );
  assert.equal(Math.round(inDays(forecast.fullAt)), 60);
  assert.ok(inDays(forecast.earliest) < 60 && inDays(forecast.earliest) > 50);
  assert.ok(forecast.latest !== null && inDays(forecast.latest) > 60);
});

test("less than a week of measurements forecasts nothing", () => {
  for (let days = 0; days < 7; days++) {
    assert.deepEqual(
      forecastDisk(
        history(days, () => gb, gb),
        now,
      ),
      { kind: "unknown", measuredDays: days },
    );
  }
  assert.deepEqual(forecastDisk([], now), { kind: "unknown", measuredDays: 0 });
});

test("samples from the future and from before the last ninety days say nothing", () => {
  const past = history(30, () => gb, 60 * gb);
  const odd = [
    { at: instant(now + dayMs), freeBytes: 0, totalBytes: 1 },
    { at: instant(now - 400 * dayMs), freeBytes: 900 * gb, totalBytes: 1000 * gb },
  ];
  assert.deepEqual(forecastDisk([...odd, ...past], now), forecastDisk(past, now));
});

test("the interval holds the true day about nine times in ten, whatever the growth looks like", () => {
  const growths: readonly ((random: () => number, day: number) => number)[] = [
    (random) => gb * (1 + 0.1 * normal(random)),
    (random) => gb * (1 + normal(random)),
    (random, day) => (day % 7 === 6 ? -5 : 2) * gb + 0.2 * gb * normal(random),
    (random, day) => (day % 7 < 5 ? 1.4 * gb + 0.3 * gb * normal(random) : 0),
    (random) => -Math.log(random() + 1e-12) * gb,
  ];
  for (const [kind, growth] of growths.entries()) {
    let [held, told] = [0, 0];
    for (let seed = 1; seed <= 120; seed++) {
      const random = createRandom(seed * 7919 + kind);
      const samples = history(35, (day) => growth(random, day), 100 * gb);
      const forecast = forecastDisk(samples, now);
      if (forecast.kind !== "filling") continue;
      let [freeBytes, day] = [100 * gb, 0];
      for (; freeBytes > 0 && day < 5000; day++) freeBytes -= growth(random, 35 + day);
      told += 1;
      const latest = forecast.latest === null ? Number.POSITIVE_INFINITY : inDays(forecast.latest);
      if (day >= Math.floor(inDays(forecast.earliest)) && day <= Math.ceil(latest)) held += 1;
    }
    assert.ok(told > 100, `growth ${kind} was forecast ${told} times`);
    assert.ok(held / told > 0.8, `growth ${kind}: held ${held} of ${told}`);
  }
});

test("a clean-up by hand does not hide how fast the disk fills", () => {
  const samples = history(40, (day) => (day === 20 ? -200 * gb : gb), 60 * gb);
  const forecast = filling(forecastDisk(samples, now));
  assert.ok(Math.abs(inDays(forecast.fullAt) - 60) < 8, String(inDays(forecast.fullAt)));
});

test("a disk that does not grow is steady", () => {
  const forecast = forecastDisk(
    history(30, () => 0, 60 * gb),
    now,
  );
  assert.deepEqual(forecast, { kind: "steady", growthBytesPerDay: 0, earliest: null });
});

test("whatever was measured, the order of the days holds and nothing is forecast before now", () => {
  const sample = fc.record({
    at: fc.integer({ min: now - 100 * dayMs, max: now + dayMs }).map(instant),
    freeBytes: fc.integer({ min: 0, max: 1000 * gb }),
    totalBytes: fc.constant(1000 * gb),
  });
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 120 }), (samples) => {
      const forecast = forecastDisk(samples, now);
      if (forecast.kind !== "filling") return;
      assert.ok(now <= forecast.earliest && forecast.earliest <= forecast.fullAt);
      assert.ok(forecast.latest === null || forecast.latest >= forecast.fullAt);
    }),
  );
});

test("more space never makes the disk full earlier", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -gb, max: 3 * gb }), { minLength: 10, maxLength: 60 }),
      (growths) => {
        const forecastWith = (freeBytes: number) =>
          forecastDisk(
            history(growths.length, (day) => growths[day] ?? 0, freeBytes),
            now,
          );
        const [small, large] = [forecastWith(50 * gb), forecastWith(80 * gb)];
        if (small.kind === "steady") assert.notEqual(large.kind, "filling");
        if (small.kind !== "filling" || large.kind !== "filling") return;
        assert.ok(large.fullAt >= small.fullAt && large.earliest >= small.earliest);
      },
    ),
  );
});

test("concern rises before the disk is full, and speaks of what is left where growth is unknown", () => {
  const concernWith = (freeGb: number, days: number) => {
    const samples = history(days, () => gb, freeGb * gb);
    const { freeBytes = 0, totalBytes = 0 } = samples.at(-1) ?? {};
    return (
      diskConcern({ freeBytes, totalBytes, forecast: forecastDisk(samples, now), now })?.severity ?? null
    );
  };
  assert.equal(concernWith(200, 30), null);
  assert.equal(concernWith(25, 30), "warning");
  assert.equal(concernWith(5, 30), "critical");
  assert.equal(concernWith(60, 3), null);
  assert.equal(concernWith(30, 3), "warning");
  assert.equal(concernWith(5, 3), "critical");
});

test("the forecast reads as people say it, with its interval", () => {
  const samples = history(30, () => gb, 60 * gb);
  const { freeBytes = 0, totalBytes = 0 } = samples.at(-1) ?? {};
  const facts = { freeBytes, totalBytes, now };
  const text = describeDisk({ ...facts, forecast: forecastDisk(samples, now) });
  assert.match(text, /^87 % full, 60\.0 GB free, full in about (60 days \(5\d-67\)|2 months \(1-3\))$/);
  const early = describeDisk({ ...facts, forecast: { kind: "unknown", measuredDays: 6 } });
  assert.equal(early, "87 % full, 60.0 GB free, forecast after 1 more day");
  const steady = describeDisk({
    ...facts,
    forecast: { kind: "steady", growthBytesPerDay: 0, earliest: null },
  });
  assert.equal(steady, "87 % full, 60.0 GB free, not filling up");
});
