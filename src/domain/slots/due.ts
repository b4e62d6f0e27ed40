import { type Instant, instant } from "../instant.ts";
import { describeAge } from "../plain-words.ts";
import { type BlackoutWindow, blackoutAt, endOfBlackout } from "./blackout.ts";
import { jitterOf } from "./jitter.ts";
import { nextSlot, previousSlot, type Schedule } from "./schedule.ts";

/** What the operator wants of slots that were not run in time. */
export interface DuePolicy {
  /** After a time in which nothing ran: the newest slot is run once, or none is. */
  readonly catchUp: "once" | "none";
  readonly blackout: readonly BlackoutWindow[];
  readonly jitterMs: number;
}

/** All that the decision for one job rests on. */
export interface DueFacts {
  readonly schedule: Schedule;
  /** The newest slot up to now that was decided already; null: none was. */
  readonly handled: Instant | null;
  /** Since when the job has this schedule: earlier slots are nobody's. */
  readonly since: Instant;
  readonly now: Instant;
  readonly policy: DuePolicy;
  /** What jitter is drawn from: job and host. */
  readonly jitterKey: string;
}

/** A slot that is not run, and why. */
export interface PassedSlot {
  readonly slot: Instant;
  readonly state: "missed" | "skipped";
  readonly reason: string;
}

export interface DueDecision {
  /** To be run now; null: nothing is. */
  readonly due: Instant | null;
  /** To be written down, oldest first. Nothing of it is run any more. */
  readonly passed: readonly PassedSlot[];
  /** The slot that waits for its moment (jitter, the end of a blackout); null: none does. */
  readonly waiting: Instant | null;
  /** When to ask again at the latest; null: never. */
  readonly next: Instant | null;
}

/** A start that is late by no more than this is in time: a busy machine, a timer that is a minute off. */
const punctualMs = 5 * 60_000;
/** Gaps are told slot by slot up to so many; the oldest one tells of those before it. */
const maxPending = 500;

/**
 * What is to be done about a job's slots, as a function of the clock and of what was decided before. Only the
 * newest slot can be due, once; older ones were missed. Asking again with the result written down changes nothing.
 */
export function decideDue(facts: DueFacts): DueDecision {
  const { newest, older } = pendingSlots(facts);
  const passed = older.map((slot, index) => passOlder(facts, slot, index === 0));
  const next = startOfNext(facts, facts.now);
  if (newest === null) return { due: null, passed, waiting: null, next };
  const verdict = judge(facts, newest);
  switch (verdict.kind) {
    case "run":
      return { due: newest, passed, waiting: null, next };
    case "pass":
      return { due: null, passed: [...passed, verdict.passed], waiting: null, next };
    case "wait":
      return { due: null, passed, waiting: newest, next: earlier(verdict.until, next) };
    default:
      return verdict satisfies never;
  }
}

interface Pending {
  readonly newest: Instant | null;
  /** Oldest first. */
  readonly older: readonly Instant[];
}

function pendingSlots({ schedule, handled, since, now }: DueFacts): Pending {
  const floor = floorOf({ handled, since, now });
  const found: Instant[] = [];
  let slot = previousSlot(schedule, now);
  while (slot !== null && slot > floor && found.length < maxPending) {
    found.push(slot);
    slot = previousSlot(schedule, instant(slot - 1));
  }
  const [newest = null, ...older] = found;
  return { newest, older: older.reverse() };
}

/** A schedule that begins in the future was written down by a clock that was ahead. */
function floorOf({ handled, since, now }: Pick<DueFacts, "handled" | "since" | "now">): Instant {
  const known = since > now ? now : since;
  return handled !== null && handled > known ? handled : known;
}

/** The oldest of a long gap speaks for all before it. */
function passOlder(facts: DueFacts, slot: Instant, isOldest: boolean): PassedSlot {
  const window = blackoutAt(facts.policy.blackout, slot, facts.schedule.timezone);
  if (window !== null) return skipped(slot, window);
  const reason = "nothing was there to start it before the next one was due";
  const isFirst = isOldest && isGapLonger(facts, slot);
  return {
    slot,
    state: "missed",
    reason: isFirst ? `${reason}; so it was with every one before it` : reason,
  };
}

function isGapLonger(facts: DueFacts, slot: Instant): boolean {
  const before = previousSlot(facts.schedule, instant(slot - 1));
  return before !== null && before > floorOf(facts);
}

function skipped(slot: Instant, { text }: BlackoutWindow): PassedSlot {
  return { slot, state: "skipped", reason: `blackout ${text}` };
}

type Verdict =
  | { readonly kind: "run" }
  | { readonly kind: "pass"; readonly passed: PassedSlot }
  /** Null: for longer than anybody can tell. */
  | { readonly kind: "wait"; readonly until: Instant | null };

function judge(facts: DueFacts, slot: Instant): Verdict {
  const { now, policy, schedule } = facts;
  const window = blackoutAt(policy.blackout, slot, schedule.timezone);
  if (window !== null) return { kind: "pass", passed: skipped(slot, window) };
  const start = startOf(facts, slot);
  if (now < start) return { kind: "wait", until: start };
  const lateMs = now - start;
  if (lateMs <= punctualMs) return { kind: "run" };
  const tooLate = reasonToPass(facts, slot, lateMs);
  if (tooLate !== null) return { kind: "pass", passed: { slot, state: "missed", reason: tooLate } };
  if (blackoutAt(policy.blackout, now, schedule.timezone) === null) return { kind: "run" };
  return { kind: "wait", until: endOfBlackout(policy.blackout, now, schedule.timezone) };
}

/** Why a late slot is not caught up; null: it is. */
function reasonToPass({ policy, schedule, now }: DueFacts, slot: Instant, lateMs: number): string | null {
  if (policy.catchUp === "none") return `it was ${describeAge(lateMs)} late, and catchUp is none`;
  const next = nextSlot(schedule, now);
  if (next === null) return null;
  // Short: a machine that is only up for a while before each slot must still get its backup.
  const nearMs = Math.min((next - slot) / 10, 5 * 60_000);
  return next - now < nearMs ? `it was late, and the next one was due in ${describeAge(next - now)}` : null;
}

/** When the run of a slot is to begin: later by its jitter, but never at the next slot, nor in a blackout. */
function startOf({ schedule, policy, jitterKey }: DueFacts, slot: Instant): Instant {
  if (policy.jitterMs === 0) return slot;
  const next = nextSlot(schedule, slot);
  const roomMs = next === null ? policy.jitterMs : next - slot - 60_000;
  const offsetMs = jitterOf(`${jitterKey}/${slot}`, Math.min(policy.jitterMs, roomMs));
  const start = instant(slot + offsetMs);
  return blackoutAt(policy.blackout, start, schedule.timezone) === null ? start : slot;
}

function startOfNext(facts: DueFacts, after: Instant): Instant | null {
  const next = nextSlot(facts.schedule, after);
  return next === null ? null : startOf(facts, next);
}

function earlier(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}
