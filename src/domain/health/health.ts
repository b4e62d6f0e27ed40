import { type Instant, instant } from "../instant.ts";
import { type Job, leavesBackups } from "../jobs/job.ts";
import type { Outcome } from "../outcome.ts";
import { describeAge } from "../plain-words.ts";

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
  /** The newest good one was adopted: the day of its name is all that is known of its age. */
  readonly isDatedToTheDay: boolean;
  /** A good backup that is dated in the future although newestGoodAt was made after it; null: there is none. */
  readonly misdatedAt: Instant | null;
  /** Whether the catalog knows any backup, good or not. */
  readonly hasBackups: boolean;
  /** Backups of this job that lie at its destinations while the catalog knows none. */
  readonly unlisted: number;
  /** The job's destinations that cannot be used now. */
  readonly unusable: readonly string[];
  /** The last one that has ended. */
  readonly lastRun: { readonly outcome: Outcome; readonly startedAt: Instant } | null;
}

/**
 * Which rule spoke: new (nothing was due yet), fresh; and the unhealthy ones: unlisted (the catalog lost its
 * backups), clock (the newest is from the future), age (maxAge), slot (a due slot was missed), last-run (it did
 * not succeed), none-left (backups, but no good one), destination (one cannot be used); mismatch, proof and rto
 * (see proof-health.ts).
 */
export type HealthRule =
  | "new"
  | "fresh"
  | "unlisted"
  | "clock"
  | "age"
  | "slot"
  | "last-run"
  | "none-left"
  | "destination"
  | "mismatch"
  | "proof"
  | "rto";

export interface Health {
  readonly healthy: boolean;
  readonly rule: HealthRule;
  /** Half a sentence with ages, for people. */
  readonly reason: string;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const clockToleranceMs = 60_000;

/**
 * Whether a job does what it should, by the age of what it left and never by the last result alone: a
 * schedule that has stopped firing leaves no failure behind. A job that nothing was due of yet is "new" and
 * healthy, so that installing does not raise an alarm.
 */
export function healthOf(facts: HealthFacts): Health {
  return (
    notInCatalog(facts) ??
    fromTheFuture(facts) ??
    tooOld(facts) ??
    slotMissed(facts) ??
    lastRunFailed(facts) ??
    noneLeft(facts) ??
    destinationUnusable(facts) ??
    newOrFresh(facts)
  );
}

/** How long after a slot a run may still be missing: as configured, else 2 h or three usual durations. */
export function graceOf(facts: Pick<HealthFacts, "graceMs" | "usualDurationMs">): number {
  return facts.graceMs ?? Math.max(2 * hourMs, 3 * (facts.usualDurationMs ?? 0));
}

/** Whether a moment lies so far ahead that a clock was wrong: now, or then. */
export function isFuture(at: Instant, now: Instant): boolean {
  return at > now + clockToleranceMs;
}

function notInCatalog({ newestGoodAt, unlisted }: HealthFacts): Health | null {
  if (newestGoodAt !== null || unlisted === 0) return null;
  const [lie, destinations] = [unlisted === 1 ? "lies" : "lie", "at the destinations"];
  return ill(
    "unlisted",
    `the catalog knows no backups, and ${unlisted} ${lie} ${destinations}: run codex-backup catalog rebuild`,
  );
}

function fromTheFuture({ now, newestGoodAt }: HealthFacts): Health | null {
  if (newestGoodAt === null || !isFuture(newestGoodAt, now)) return null;
  return ill("clock", `its newest good one is dated ${describeAge(newestGoodAt - now)} in the future`);
}

function tooOld({ kind, now, newestGoodAt, maxAgeMs }: HealthFacts): Health | null {
  if (maxAgeMs === null || newestGoodAt === null || now - newestGoodAt <= maxAgeMs) return null;
  return ill(
    "age",
    `its ${nounOf(kind)} is ${describeAge(now - newestGoodAt)} old, allowed are ${describeAge(maxAgeMs)}`,
  );
}

/**
 * For a backup only a good one answers a slot; for the other jobs any run does, and its outcome is judged next.
 * A slot from before the job was known excuses only a job without backups: where there are some, they are old.
 */
function slotMissed(facts: HealthFacts): Health | null {
  const { kind, now, newestGoodAt, lastRun } = facts;
  const slot = facts.slotBefore(instant(now - graceOf(facts)));
  if (slot === null) return null;
  const isOld = leavesBackups(facts) && newestGoodAt !== null;
  if (slot < facts.knownSince && !isOld) return null;
  const answeredAt = leavesBackups(facts) ? latestStart(facts) : (lastRun?.startedAt ?? null);
  if (answeredAt !== null && answeredAt >= slot) return null;
  const missed = `the slot of ${describeAge(now - slot)} ago was missed`;
  if (newestGoodAt === null) return ill("slot", `${missed}, and there is no good one yet`);
  return ill("slot", `${missed}; its ${nounOf(kind)} is ${describeAge(now - newestGoodAt)} old`);
}

/** An adopted "codexdb_2026-11-23" counts as midnight, though it was made at some hour of that day. */
function latestStart({ newestGoodAt, isDatedToTheDay }: HealthFacts): Instant | null {
  if (newestGoodAt === null || !isDatedToTheDay) return newestGoodAt;
  return instant(newestGoodAt + dayMs - 1);
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

/** Where there are backups, or a run left one, and none is good: they were lost or have rotted. */
function noneLeft({ kind, now, newestGoodAt, lastRun, hasBackups }: HealthFacts): Health | null {
  if (!leavesBackups({ kind }) || newestGoodAt !== null) return null;
  if (lastRun?.outcome === "complete") {
    const age = describeAge(now - lastRun.startedAt);
    return ill("none-left", `its last run, ${age} ago, was complete, but no good backup is left`);
  }
  return hasBackups ? ill("none-left", "it has backups, but none of them is good") : null;
}

function destinationUnusable({ unusable }: HealthFacts): Health | null {
  if (unusable.length === 0) return null;
  return ill("destination", `cannot use ${unusable.map((name) => `"${name}"`).join(", ")}`);
}

function newOrFresh({ kind, now, newestGoodAt, misdatedAt }: HealthFacts): Health {
  if (newestGoodAt === null) return { healthy: true, rule: "new", reason: "waiting for its first run" };
  const age = `its ${nounOf(kind)} is ${describeAge(Math.max(0, now - newestGoodAt))} old`;
  if (misdatedAt === null) return { healthy: true, rule: "fresh", reason: age };
  const ahead = describeAge(misdatedAt - now);
  return {
    healthy: true,
    rule: "fresh",
    reason: `${age}; one made before it is dated ${ahead} in the future by a wrong clock`,
  };
}

function ill(rule: HealthRule, reason: string): Health {
  return { healthy: false, rule, reason };
}

function nounOf(kind: Job["kind"]): string {
  return leavesBackups({ kind }) ? "newest good backup" : "last good run";
}
