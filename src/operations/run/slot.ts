import type { SlotRow } from "../../catalog/catalog.ts";
import { type Instant, instant } from "../../domain/instant.ts";
import type { Job } from "../../domain/jobs/job.ts";
import { type DueDecision, decideDue, type PassedSlot } from "../../domain/slots/due.ts";
import type { Context } from "../context.ts";

/** What is to be done about a job's slots, with all that the catalog knows of them. */
export interface SlotDecision extends DueDecision {
  /** The run that was started for the due slot and has died; null: none was. */
  readonly died: string | null;
}

/**
 * Decides about a job's slots and writes down those that are passed over. May be called by anybody at any
 * time, as often as wanted: what is due stays due until it is claimed. Null: the job has no schedule.
 */
export function decideSlot(context: Context, job: Job): SlotDecision | null {
  const { catalog, clock, host } = context;
  const schedule = context.scheduleOf(job);
  if (schedule === null) return null;
  const now = clock.now();
  catalog.forgetFutureSlots(job.name, now);
  const since = catalog.scheduleSince(job.name, `${schedule.cron} ${schedule.timezone}`, now);
  const [newest = null] = catalog.slots({ job: job.name, until: now, limit: 1 });
  const dead = newest !== null && isClaimDead(context, newest) ? newest : null;
  const handled = dead === null ? (newest?.slot ?? null) : instant(dead.slot - 1);
  const jitterKey = `${host.name}/${job.name}`;
  const decision = decideDue({ schedule, handled, since, now, policy: job.due, jitterKey });
  if (dead !== null && decision.passed.some(({ slot }) => slot === dead.slot))
    catalog.giveUpSlot(job.name, dead.slot);
  recordPassed(context, job, decision.passed);
  return { ...decision, died: decision.due !== null && dead?.slot === decision.due ? dead.runId : null };
}

/** Writes down slots that are not run. One that has a row already keeps it. */
export function recordPassed(context: Context, job: Job, passed: readonly PassedSlot[]): void {
  const rows = passed.map((one) => ({ ...rowOf(context, job, one.slot), ...one, runId: null, attempts: 0 }));
  context.catalog.recordSlots(job.name, rows);
}

/** The row of a claim by this process. */
export function rowOf({ clock, host }: Context, job: Job, slot: Instant): SlotRow {
  return {
    job: job.name,
    slot,
    state: "claimed",
    reason: null,
    runId: null,
    decidedAt: clock.now(),
    attempts: 1,
    pid: host.pid,
    bootId: host.bootId,
    host: host.name,
  };
}

/** A claim whose run died, once; or whose process was gone before it could begin one. */
export function isClaimDead(context: Pick<Context, "catalog" | "host">, claim: SlotRow): boolean {
  const { catalog, host } = context;
  if (claim.state !== "claimed" || claim.runId === null || claim.attempts >= 2) return false;
  const run = catalog.run(claim.runId);
  if (run !== null) return run.failure?.code === "run.died";
  return claim.host === host.name && (claim.bootId !== host.bootId || !host.isAlive(claim.pid));
}
