import { isFuture } from "../health/health.ts";
import type { Instant } from "../instant.ts";

/** One restore that was carried through and timed, as a proof does it. */
export interface MeasuredRestore {
  readonly at: Instant;
  readonly restoreMs: number;
  /** Uncompressed, unencrypted. */
  readonly contentBytes: number;
}

/** How long a restore takes, by what was measured. Never without a measurement. */
export interface RecoveryTime {
  readonly estimateMs: number;
  /** What the measurements leave open; equal to the estimate where there is one of them only. */
  readonly lowMs: number;
  readonly highMs: number;
  /** The newest measurement. */
  readonly measuredAt: Instant;
  readonly measuredMs: number;
  readonly measurements: number;
  /** "line": time against size through all of them; "newest": the last one, scaled up to the size. */
  readonly method: "line" | "newest";
}

/** So many of the newest are looked at: the machine of last year restored otherwise. */
const lookedAt = 20;

/** A line needs points, and points that lie apart: through one size, any slope would do. */
const enoughForLine = 5;
const apart = 1.5;

/**
 * Restore time of so much content. Through few points honestly: the newest measurement, in proportion to the size
 * where there is more now, and never less than was measured. Null without a measurement. One that a wrong clock has
 * dated into the future is left out.
 */
export function recoveryTime(
  measured: readonly MeasuredRestore[],
  contentBytes: number,
  now: Instant,
): RecoveryTime | null {
  const newest = measured
    .filter(({ at }) => !isFuture(at, now))
    .toSorted((a, b) => b.at - a.at)
    .slice(0, lookedAt);
  const [last] = newest;
  if (last === undefined) return null;
  const basis = { measuredAt: last.at, measuredMs: last.restoreMs, measurements: newest.length };
  return { ...basis, ...(throughLine(newest, contentBytes) ?? byNewest(newest, contentBytes)) };
}

type Estimate = Pick<RecoveryTime, "estimateMs" | "lowMs" | "highMs" | "method">;

/** The range is what the last few would have said. */
function byNewest(newest: readonly MeasuredRestore[], contentBytes: number): Estimate {
  const told = newest.slice(0, enoughForLine).map((one) => scaled(one, contentBytes));
  const [estimateMs = 0] = told;
  return { estimateMs, lowMs: Math.min(...told), highMs: Math.max(...told), method: "newest" };
}

function scaled({ restoreMs, contentBytes: restored }: MeasuredRestore, contentBytes: number): number {
  return Math.round(restoreMs * Math.max(1, contentBytes / Math.max(1, restored)));
}

/** The median of the slopes through each two points: one slow night does not bend it. Null where there is no line. */
function throughLine(points: readonly MeasuredRestore[], contentBytes: number): Estimate | null {
  const sizes = points.map((point) => point.contentBytes);
  const isSpread = Math.max(...sizes) >= apart * Math.max(1, Math.min(...sizes));
  if (points.length < enoughForLine || !isSpread) return null;
  const slope = Math.max(0, medianOf(slopesOf(points)));
  const fixedMs = Math.max(0, medianOf(points.map((point) => point.restoreMs - slope * point.contentBytes)));
  const timeOf = (bytes: number) => fixedMs + slope * bytes;
  const off = points.map((point) => point.restoreMs / Math.max(1, timeOf(point.contentBytes)));
  const estimateMs = timeOf(contentBytes);
  return {
    estimateMs: Math.round(estimateMs),
    lowMs: Math.round(estimateMs * Math.min(1, ...off)),
    highMs: Math.round(estimateMs * Math.max(1, ...off)),
    method: "line",
  };
}

function slopesOf(points: readonly MeasuredRestore[]): readonly number[] {
  return points.flatMap((one, index) =>
    points.slice(index + 1).flatMap((other) => {
      const bytes = other.contentBytes - one.contentBytes;
      return bytes === 0 ? [] : [(other.restoreMs - one.restoreMs) / bytes];
    }),
  );
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}
