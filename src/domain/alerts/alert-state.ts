import { type Instant, instant } from "../instant.ts";
import type { AlertEvent } from "./alert-message.ts";

/** What has been told about one key, so that it is told once. Kept in the catalog. */
export interface AlertState {
  readonly key: string;
  readonly job: string | null;
  readonly database: string | null;
  /** Null between incidents. */
  readonly incident: Incident | null;
  /** When the last incidents began, oldest first: one that comes and goes is told less often. */
  readonly openings: readonly Instant[];
}

/** From the first message to the one that says it is over. */
export interface Incident {
  readonly since: Instant;
  /** Each is told once. */
  readonly told: readonly AlertEvent[];
  /** What was found so far, where an event is made of several findings: each of them is told once, too. */
  readonly findings: readonly string[];
  /** Names of channels that have heard of it, and hear of its end. */
  readonly channels: readonly string[];
  /** Those of them that heard because it lasted. */
  readonly escalatedTo: readonly string[];
  /** Since when all seems well, while that is not yet believed; null: it is not well. */
  readonly wellSince: Instant | null;
}

const dayMs = 86_400_000;

/** So many incidents within a day, and a recovery is believed only after it has held. */
const flapping = 3;
/** So long it has to hold then. */
export const settleMs = 6 * 3_600_000;

/** Openings of the last day; those that a wrong clock has put into the future are forgotten. */
export function recentOpenings({ openings }: Pick<AlertState, "openings">, now: Instant): readonly Instant[] {
  return openings.filter((at) => at <= now && now - at < dayMs).slice(-2 * flapping);
}

/** Whether it has come and gone so often that its end is not believed at once. */
export function isFlapping(state: AlertState, now: Instant): boolean {
  return recentOpenings(state, now).length >= flapping;
}

/** A moment that is not ahead of now: a clock that went back must not stop time. */
export function notAfter(at: Instant, now: Instant): Instant {
  return at > now ? instant(now) : at;
}
