import { type Instant, instant } from "../instant.ts";

/** Free space of one destination at one moment. */
export interface DiskSample {
  readonly at: Instant;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/**
 * When a disk is full if it goes on filling as it did. "filling": about `fullAt`, between `earliest` and
 * `latest` (null: perhaps never) nine times in ten as long as the growth keeps its habits. "steady": no growth
 * that would fill it within five years; `earliest` still says how soon it could be. "unknown": too little is measured.
 */
export type DiskForecast =
  | { readonly kind: "unknown"; readonly measuredDays: number }
  | { readonly kind: "steady"; readonly growthBytesPerDay: number; readonly earliest: Instant | null }
  | {
      readonly kind: "filling";
      readonly growthBytesPerDay: number;
      readonly fullAt: Instant;
      readonly earliest: Instant;
      readonly latest: Instant | null;
    };

export const dayMs = 86_400_000;

/** Fewer days than a week do not show the weekly rhythm of backups. */
export const leastDays = 7;
const historyDays = 90;
const horizonDays = 5 * 365;

/** Habits change: no growth is foretold better than to a tenth. */
const leastSpread = 0.1;

/** Nine of ten: the 5 % and 95 % points of Student's distribution, by degrees of freedom; the rest is 1.645. */
const studentPoints = [6.31, 2.92, 2.35, 2.13, 2.02, 1.94, 1.89, 1.86, 1.83, 1.81, 1.8, 1.78];

/**
 * Looks at one value a day, the highest, over at most 90 days. The growth is the median of the slopes between
 * all pairs of days (Theil and Sen), which a few odd days do not bend. The interval comes from how much the growth
 * of single blocks (weeks, as soon as there are four) varied, and covers both what is not known of the past
 * and what chance adds until the day in question.
 */
export function forecastDisk(samples: readonly DiskSample[], now: Instant): DiskForecast {
  const days = withoutCleanUps(dailyPeaks(samples, now));
  const [first, last] = [days[0], days.at(-1)];
  const measuredDays = first && last ? last.day - first.day : 0;
  if (!last || measuredDays < leastDays) return { kind: "unknown", measuredDays };
  const growth = medianSlope(days);
  const inDays = (slope: number): number | null => {
    const until = slope > 0 ? last.freeBytes / slope : Number.POSITIVE_INFINITY;
    return until > horizonDays ? null : Math.max(0, until);
  };
  const likely = inDays(growth);
  const spread = Math.max(spreadOf(days, likely ?? horizonDays), Math.abs(growth) * leastSpread);
  const at = (until: number | null) => (until === null ? null : instant(Math.round(now + until * dayMs)));
  const earliest = at(inDays(growth + spread));
  const fullAt = at(likely);
  if (fullAt === null || earliest === null) return { kind: "steady", growthBytesPerDay: growth, earliest };
  return {
    kind: "filling",
    growthBytesPerDay: growth,
    fullAt,
    earliest,
    latest: at(inDays(growth - spread)),
  };
}

interface Day {
  /** Days since 1970, counted so that one ends now. */
  readonly day: number;
  readonly usedBytes: number;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Oldest first. What is dated in the future tells nothing. */
function dailyPeaks(samples: readonly DiskSample[], now: Instant): readonly Day[] {
  const peaks = new Map<number, Day>();
  for (const { at, freeBytes, totalBytes } of samples) {
    const day = Math.floor((at - now) / dayMs);
    if (at > now || day < -historyDays) continue;
    const usedBytes = totalBytes - freeBytes;
    const known = peaks.get(day);
    if (!known || known.usedBytes < usedBytes) peaks.set(day, { day, usedBytes, freeBytes, totalBytes });
  }
  return [...peaks.values()].sort((a, b) => a.day - b.day);
}

/**
 * Somebody who frees a tenth of the disk at once has not changed how fast it fills: what was used before is
 * lowered by as much, so that the growth goes on as if the files had never been there.
 */
function withoutCleanUps(days: readonly Day[]): readonly Day[] {
  let lowered = 0;
  const levelled = days.toReversed().map((day, index, all) => {
    const later = all[index - 1];
    const dropBytes = later === undefined ? 0 : day.usedBytes - later.usedBytes;
    if (later !== undefined && dropBytes > later.totalBytes / 10) lowered += dropBytes;
    return { ...day, usedBytes: day.usedBytes - lowered };
  });
  return levelled.reverse();
}

function medianSlope(days: readonly Day[]): number {
  const slopes = days.flatMap((from, index) =>
    days.slice(index + 1).map((to) => (to.usedBytes - from.usedBytes) / (to.day - from.day)),
  );
  return quantile(slopes, 0.5);
}

/** How far the growth of a day may lie from the estimate, on average until `horizon` days from now. */
function spreadOf(days: readonly Day[], horizon: number): number {
  const span = (days.at(-1)?.day ?? 0) - (days[0]?.day ?? 0);
  const blockDays = span >= 4 * leastDays ? leastDays : 1;
  const growths = growthsOfBlocks(days, blockDays);
  if (growths.length < 2) return 0;
  const mean = growths.reduce((sum, growth) => sum + growth, 0) / growths.length;
  const variance = growths.reduce((sum, growth) => sum + (growth - mean) ** 2, 0) / (growths.length - 1);
  const ahead = Math.max(1, horizon / blockDays);
  const point = studentPoints[growths.length - 2] ?? 1.645;
  return (point * Math.sqrt(variance) * Math.sqrt(1 / growths.length + 1 / ahead)) / blockDays;
}

/** Bytes that each block of days added; a day without a sample is taken to lie on the line between its neighbours. */
function growthsOfBlocks(days: readonly Day[], blockDays: number): readonly number[] {
  const [first, last] = [days[0], days.at(-1)];
  if (!first || !last) return [];
  const count = Math.floor((last.day - first.day) / blockDays);
  const ends = Array.from({ length: count + 1 }, (_, index) => usedOn(days, last.day - index * blockDays));
  return ends.slice(1).map((before, index) => (ends[index] ?? before) - before);
}

function usedOn(days: readonly Day[], day: number): number {
  const after = days.find((one) => one.day >= day);
  const before = days.findLast((one) => one.day <= day);
  if (!after || !before) return (after ?? before)?.usedBytes ?? 0;
  if (after.day === before.day) return after.usedBytes;
  const share = (day - before.day) / (after.day - before.day);
  return before.usedBytes + share * (after.usedBytes - before.usedBytes);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const [low = 0, high = 0] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (place - Math.floor(place)) * (high - low);
}
