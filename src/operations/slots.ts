import { formatInstant, type Instant, instant } from "../domain/instant.ts";
import type { Job } from "../domain/jobs/job.ts";
import type { JobSlots } from "../domain/slots/slot-report.ts";
import { type Context, jobNamed } from "./context.ts";
import { closeDeadRuns } from "./dead-runs.ts";
import { decideSlot, recordPassed } from "./run/slot.ts";

/** See Operations.decideSlots. */
export function decideSlots(context: Context): readonly JobSlots[] {
  closeDeadRuns(context);
  return context.jobs.flatMap((job) => {
    const decision = decideSlot(context, job);
    return decision === null ? [] : [{ job: job.name, ...decision }];
  });
}

/** See Operations.skipSlot. */
export function skipSlot(context: Context, name: string, passed: SkippedSlot): void {
  recordPassed(context, jobNamed(context, name), [{ ...passed, state: "skipped" }]);
}

export interface SkippedSlot {
  readonly slot: Instant;
  readonly reason: string;
}

const weekMs = 7 * 86_400_000;

/** Slots of the last seven days that were missed, oldest first; ISO 8601, UTC. */
export function missedSlots({ catalog, clock }: Context, job: Job): readonly string[] {
  const now = clock.now();
  const rows = catalog.slots({ job: job.name, since: instant(now - weekMs), until: now, limit: 1000 });
  const missed = rows.filter(({ state }) => state === "missed");
  return missed.map(({ slot }) => formatInstant(slot)).reverse();
}
