import { type Instant, instant } from "./instant.ts";
import { type Job, leavesBackups } from "./job.ts";
import type { Outcome } from "./outcome.ts";
import { describeAge } from "./plain-words.ts";

/** What is known of one job. */
export interface HealthFacts {
  readonly kind: Job["kind"];
  readonly now: Instant;
  /** The newest slot at or before a moment; null without a schedule. Asked about the past by the grace time. */
  readonly slotBefore: (at: Instant) => Instant | null;
  /** Earlier slots were not missed: the job was not there. */
  readonly knownSince: Instant;
  readonly graceMs: number | null;
  readonly maxAgeMs: number | null;
  /** Of good runs, to tell how late is late; null when there are none. */
  readonly usualDurationMs: number | null;
  /** Start of the newest good backup; for checksums and commands, of the last run that succeeded. */
  readonly newestGoodAt: Instant | null;
  /** The last one that has ended. */
  readonly lastRun: { readonly outcome: Outcome; readonly startedAt: Instant } | null;
}

/**
 * Which rule spoke: new (nothing was due yet), fresh; and the unhealthy ones: clock (the newest is from the
 * future), age (maxAge), slot (a due slot was missed), last-run (the last run did not
 * succeed, or nothing good is left of any).
 */
export type HealthRule = "new" | "fresh" | "clock" | "age" | "slot" | "last-run";

export interface Health {
  readonly healthy: boolean;
  readonly rule: HealthRule;
  /** Half a sentence with ages, for people. */
  readonly reason: string;
}

const hourMs = 3_600_000;
const clockToleranceMs = 60_000;

/**
 * Whether a job does what it should, by the age of what it left and never by the last result alone: a
 * schedule that has stopped firing leaves no failure behind. A job that nothing was due of yet is "new" and
 * healthy, so that installing does not raise an alarm.
 */
export function healthOf(facts: HealthFacts): Health {
  return (
    fromTheFuture(facts) ??
    tooOld(facts) ??
    slotMissed(facts) ??
    lastRunFailed(facts) ??
    noneLeft(facts) ??
    newOrFresh(facts)
  );
}

/** How long after a slot a run may still be missing: as configured, else 2 h or three usual durations. */
export function graceOf(facts: Pick<HealthFacts, "graceMs" | "usualDurationMs">): number {
  return facts.graceMs ?? Math.max(2 * hourMs, 3 * (facts.usualDurationMs ?? 0));
}

function fromTheFuture({ now, newestGoodAt }: HealthFacts): Health | null {
  if (newestGoodAt === null || newestGoodAt <= now + clockToleranceMs) return null;
  return ill("clock", `its newest good one is dated ${describeAge(newestGoodAt - now)} in the future`);
}

function tooOld({ kind, now, newestGoodAt, maxAgeMs }: HealthFacts): Health | null {
  if (maxAgeMs === null || newestGoodAt === null || now - newestGoodAt <= maxAgeMs) return null;
  return ill(
    "age",
    `its ${nounOf(kind)} is ${describeAge(now - newestGoodAt)} old, allowed are ${describeAge(maxAgeMs)}`,
  );
}

/** For a backup only a good one answers a slot; for the other jobs any run does, and its outcome is judged next. */
function slotMissed(facts: HealthFacts): Health | null {
  const { kind, now, newestGoodAt, lastRun } = facts;
  const slot = facts.slotBefore(instant(now - graceOf(facts)));
  if (slot === null || slot < facts.knownSince) return null;
  const answeredAt = leavesBackups(facts) ? newestGoodAt : (lastRun?.startedAt ?? null);
  if (answeredAt !== null && answeredAt >= slot) return null;
  const missed = `the slot of ${describeAge(now - slot)} ago was missed`;
  if (newestGoodAt === null) return ill("slot", `${missed}, and there is no good one yet`);
  return ill("slot", `${missed}; its ${nounOf(kind)} is ${describeAge(now - newestGoodAt)} old`);
}

/** A success after the failure heals it; a run that was skipped says nothing about a backup. */
function lastRunFailed(facts: HealthFacts): Health | null {
  const { kind, now, newestGoodAt, lastRun } = facts;
  if (lastRun === null || lastRun.outcome === "complete") return null;
  if (newestGoodAt !== null && newestGoodAt >= lastRun.startedAt) return null;
  if (leavesBackups(facts) && lastRun.outcome === "skipped") return null;
  const seen = { failed: "failed", incomplete: "was incomplete", skipped: "was skipped" }[lastRun.outcome];
  const good =
    newestGoodAt === null
      ? "there is no good one yet"
      : `its ${nounOf(kind)} is ${describeAge(now - newestGoodAt)} old`;
  return ill("last-run", `its last run, ${describeAge(now - lastRun.startedAt)} ago, ${seen}; ${good}`);
}

/** A run that succeeded left a backup: when none is good any more, it was lost or has rotted since. */
function noneLeft(facts: HealthFacts): Health | null {
  const { now, newestGoodAt, lastRun } = facts;
  if (!leavesBackups(facts) || newestGoodAt !== null || lastRun?.outcome !== "complete") return null;
  const age = describeAge(now - lastRun.startedAt);
  return ill("last-run", `its last run, ${age} ago, was complete, but no good backup is left`);
}

function newOrFresh({ kind, now, newestGoodAt }: HealthFacts): Health {
  if (newestGoodAt === null) return { healthy: true, rule: "new", reason: "waiting for its first run" };
  const age = describeAge(Math.max(0, now - newestGoodAt));
  return { healthy: true, rule: "fresh", reason: `its ${nounOf(kind)} is ${age} old` };
}

function ill(rule: HealthRule, reason: string): Health {
  return { healthy: false, rule, reason };
}

function nounOf(kind: Job["kind"]): string {
  return leavesBackups({ kind }) ? "newest good backup" : "last good run";
}
