import type { Instant } from "../instant.ts";
import { describeCount, describeSize } from "../plain-words.ts";
import { type DiskForecast, dayMs, leastDays } from "./disk-forecast.ts";

/** What is known of the disk of one destination. */
export interface DiskFacts {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly forecast: DiskForecast;
  readonly now: Instant;
}

/** Something about a disk that a person should know before a night fails. */
export interface DiskConcern {
  readonly severity: "critical" | "warning";
  /** Half a sentence: "61 % full, full in about 12 days (9-20)". */
  readonly reason: string;
}

/** So long before the likely day there is time to buy a disk; the critical one leaves time for a clean-up. */
const warnDays = 30;
const criticalDays = 7;
/** Where nothing is known of the growth, or it is slow, what is left speaks alone. */
const warnShare = 0.1;
const criticalShare = 0.03;

/** Whether somebody must be told, by the likely day and, earlier, by the first possible one; null: all is well. */
export function diskConcern(facts: DiskFacts): DiskConcern | null {
  const { freeBytes, totalBytes, forecast, now } = facts;
  const share = totalBytes === 0 ? 0 : freeBytes / totalBytes;
  const likely = forecast.kind === "filling" ? (forecast.fullAt - now) / dayMs : Number.POSITIVE_INFINITY;
  const first = forecast.kind === "filling" ? (forecast.earliest - now) / dayMs : Number.POSITIVE_INFINITY;
  const reason = describeDisk(facts);
  if (share < criticalShare || likely < criticalDays) return { severity: "critical", reason };
  if (share < warnShare || likely < warnDays || first < criticalDays) return { severity: "warning", reason };
  return null;
}

/** "61 % full, full in about 7 months (5-11)"; without enough measurements only how full it is. */
export function describeDisk({ freeBytes, totalBytes, forecast, now }: DiskFacts): string {
  const used = totalBytes === 0 ? 100 : Math.floor((100 * (totalBytes - freeBytes)) / totalBytes);
  const soFar = `${used} % full, ${describeSize(freeBytes)} free`;
  switch (forecast.kind) {
    case "unknown":
      return `${soFar}, forecast after ${describeCount(leastDays - forecast.measuredDays, "more day", "more days")}`;
    case "steady":
      return `${soFar}, not filling up`;
    case "filling":
      return `${soFar}, full in about ${describeSpan(forecast, now)}`;
    default:
      return forecast satisfies never;
  }
}

/** One unit for all three numbers: "7 months (5-11)", "12 days (9 or more)". */
function describeSpan(forecast: DiskForecast & { readonly kind: "filling" }, now: Instant): string {
  const daysUntil = (at: Instant) => (at - now) / dayMs;
  const likely = daysUntil(forecast.fullAt);
  const { word, days } = unitOf(likely);
  const [about, from] = [Math.round(likely / days), Math.floor(daysUntil(forecast.earliest) / days)];
  const to = forecast.latest === null ? null : Math.ceil(daysUntil(forecast.latest) / days);
  return `${describeCount(about, word)} (${to === null ? `${from} or more` : `${from}-${to}`})`;
}

function unitOf(likelyDays: number): { readonly word: string; readonly days: number } {
  if (likelyDays < 60) return { word: "day", days: 1 };
  return likelyDays < 730 ? { word: "month", days: 30.44 } : { word: "year", days: 365.25 };
}
