import type { SlotRow } from "../../catalog/catalog.ts";
import { formatInstant, type Instant, instant } from "../../domain/instant.ts";
import type { Job } from "../../domain/jobs/job.ts";
import { blackoutAt } from "../../domain/slots/blackout.ts";
import { nextSlot } from "../../domain/slots/schedule.ts";
import type { SlotNews } from "../../domain/slots/slot-report.ts";
import { sleep } from "../../platform/clock.ts";
import type { Context } from "../context.ts";
import { decideSlot, isClaimDead, recordPassed, rowOf, type SlotDecision } from "./slot.ts";

export interface ClaimWish {
  /** "due": whatever slot is due now. */
  readonly slot: Instant | "due";
  readonly runId: string;
  readonly signal: AbortSignal;
}

export type Claim =
  | { readonly kind: "claimed"; readonly slot: Instant; readonly lines: readonly string[] }
  /** No run is to be started. */
  | { readonly kind: "none"; readonly news: SlotNews };

const minuteMs = 60_000;

/**
 * Takes the right to run a slot: of all processes that try, one gets it. With "due", a start at a moment for
 * which nothing is planned (a crontab edited by hand) is a slot of its own, that minute.
 */
export async function claimSlot(context: Context, job: Job, wish: ClaimWish): Promise<Claim> {
  if (wish.slot !== "due") return take(context, job, { slot: wish.slot, runId: wish.runId });
  const decision = await decideAfterJitter(context, job, wish.signal);
  if (decision !== null && decision.due !== null)
    return take(context, job, { slot: decision.due, runId: wish.runId });
  const passed = decision?.passed.at(-1);
  if (passed) return none(job, passed.state, passed);
  if (decision !== null && decision.waiting !== null) {
    return none(job, "waiting", { slot: decision.waiting, reason: "it waits for the end of a blackout" });
  }
  const [newest = null] = context.catalog.slots({ job: job.name, until: context.clock.now(), limit: 1 });
  if (newest !== null && isNear(context, job, newest)) return none(job, "taken", taken(newest));
  return takeMinute(context, job, wish.runId);
}

/** A start by cron comes at the slot itself; the time that jitter adds is slept here. */
async function decideAfterJitter(
  context: Context,
  job: Job,
  signal: AbortSignal,
): Promise<SlotDecision | null> {
  for (;;) {
    const decision = decideSlot(context, job);
    const start = decision?.waiting ? decision.next : null;
    if (start === null || start - context.clock.now() > job.due.jitterMs) return decision;
    await sleep(context.clock, Math.max(start - context.clock.now(), 100), signal);
  }
}

function take(
  context: Context,
  job: Job,
  { slot, runId }: { readonly slot: Instant; readonly runId: string },
): Claim {
  const { catalog } = context;
  const [before = null] = catalog.slots({ job: job.name, since: slot, until: slot });
  const died = before !== null && isClaimDead(context, before) ? before.runId : null;
  const isOurs = catalog.claimSlot({ ...rowOf(context, job, slot), runId }, died);
  if (isOurs) return { kind: "claimed", slot, lines: linesOf(context, job, { slot, died }) };
  const [row = before] = catalog.slots({ job: job.name, since: slot, until: slot });
  return none(job, "taken", row === null ? { slot, reason: "another process was first" } : taken(row));
}

/** The same minute is one slot, whoever starts it. */
function takeMinute(context: Context, job: Job, runId: string): Claim {
  const slot = instant(Math.floor(context.clock.now() / minuteMs) * minuteMs);
  const window = blackoutAt(job.due.blackout, slot, job.timezone);
  if (window === null) return take(context, job, { slot, runId });
  const passed = { slot, state: "skipped", reason: `blackout ${window.text}` } as const;
  recordPassed(context, job, [passed]);
  return none(job, "skipped", passed);
}

/** A start this soon after a slot, or after somebody decided about one, is meant for that slot. */
function isNear(context: Context, job: Job, { slot, decidedAt }: SlotRow): boolean {
  const now = context.clock.now();
  const schedule = context.scheduleOf(job);
  const next = schedule === null ? null : nextSlot(schedule, slot);
  const nearMs = Math.min(10 * minuteMs, next === null ? minuteMs : (next - slot) / 2);
  return now - slot < nearMs || Math.abs(now - decidedAt) < nearMs;
}

function taken({ slot, state, reason, runId }: SlotRow) {
  return { slot, reason: state === "claimed" ? `run ${runId} has it` : `it was ${state}: ${reason}` };
}

function none(
  job: Job,
  state: SlotNews["state"],
  { slot, reason }: { readonly slot: Instant; readonly reason: string },
): Claim {
  return { kind: "none", news: { job: job.name, slot: formatInstant(slot), state, reason } };
}

/** What the run has to tell of the slots before it: those that were missed since the last one that was not. */
function linesOf(
  context: Context,
  job: Job,
  { slot, died }: { readonly slot: Instant; readonly died: string | null },
): readonly string[] {
  const before = context.catalog.slots({ job: job.name, until: instant(slot - 1), limit: 500 });
  const end = before.findIndex(({ state }) => state === "claimed");
  const passed = end < 0 ? before : before.slice(0, end);
  const [newest, ...others] = passed.filter(({ state }) => state === "missed");
  const more = others.length === 0 ? "" : `, and ${others.length} before it`;
  return [
    ...(newest ? [`the slot of ${formatInstant(newest.slot)} was missed${more}: ${newest.reason}`] : []),
    ...(died === null ? [] : [`run ${died}, which was started for the same slot, has died`]),
  ];
}
