import { messageOf } from "../domain/failure.ts";
import { formatInstant, type Instant } from "../domain/instant.ts";
import type { JobSlots } from "../domain/slots/slot-report.ts";
import { createAttempts } from "./attempts.ts";
import type { SchedulerParts } from "./create-scheduler.ts";
import { createQuietLog } from "./quiet-log.ts";
import type { Runs } from "./runs.ts";

/** Timers are never longer: a clock that was set, or a machine that slept, is noticed within this. */
export const longestMs = 60_000;
/** Never shorter: whatever the clock does, the loop rests in between. */
export const shortestMs = 1000;

/** One look at the slots: what is due is offered. Settles with how long to rest, and never rejects. */
export function createTick(parts: SchedulerParts, runs: Runs, onLooked: () => void): () => Promise<number> {
  const { clock, log, plan } = parts;
  const quiet = createQuietLog(log, clock);
  const attempts = createAttempts(clock);

  async function act({ job: name, due, passed }: JobSlots): Promise<void> {
    for (const { slot, state, reason } of passed.slice(-1)) {
      const more = passed.length > 1 ? ` (and ${passed.length - 1} before it)` : "";
      quiet.warn(`${name}/${state}`, `${name}: slot ${formatInstant(slot)} ${state}${more}: ${reason}`);
    }
    const job = plan().jobs.find((one) => one.name === name);
    if (due === null || !job) return;
    const current = runs.slotOf(name);
    if (current === undefined) {
      if (attempts.mayTry(name, due)) runs.offer(job, due);
    } else if (current !== due) {
      quiet.warn(`${name}/busy`, `${name}: slot ${formatInstant(due)} skipped: busy`);
      await plan().operations.skipSlot(name, { slot: due, reason: "busy" });
    }
  }

  return async () => {
    try {
      const all = await plan().operations.decideSlots();
      onLooked();
      for (const slots of all) await act(slots);
      return delayUntil(all, clock.now());
    } catch (error) {
      quiet.warn("tick", `cannot look at the slots: ${messageOf(error)}`);
      return longestMs;
    }
  };
}

/** By the wall clock: asked again after each rest, so that nothing drifts. */
function delayUntil(all: readonly JobSlots[], now: Instant): number {
  const soonest = Math.min(longestMs, ...all.flatMap(({ next }) => (next === null ? [] : [next - now])));
  return Math.max(shortestMs, soonest);
}
