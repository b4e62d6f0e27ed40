import type { JobFact } from "../alerts/alert-facts.ts";
import { isFuture } from "../health/health.ts";
import type { Instant } from "../instant.ts";
import { describeAge } from "../plain-words.ts";

/** What lies in a directory that another host writes, of one job and database. */
export interface SeenBackups {
  readonly job: string;
  readonly database: string | null;
  /** The newest one whose files are all there with their sizes; null when there is none. */
  readonly newest: { readonly startedAt: Instant; readonly sizeBytes: number } | null;
}

/** How it is judged. */
export interface SeenLimits {
  readonly now: Instant;
  /** Of the directory, for words. */
  readonly path: string;
  readonly maxAgeMs: number;
}

/** Whether what is seen is fresh: nothing else is known of a job whose host says nothing. */
export function judgeSeen({ job, database, newest }: SeenBackups, limits: SeenLimits): JobFact {
  return {
    job,
    database,
    ...verdictOf(newest?.startedAt ?? null, limits),
    isScheduled: false,
    noun: "backup",
    missedSlots: 0,
    silentSince: null,
    lastRun: null,
    lastGoodAt: newest?.startedAt ?? null,
    newestProvenAt: null,
    lastProofOf: null,
    concerns: [],
    sizeBytes: newest?.sizeBytes ?? null,
  };
}

function verdictOf(
  at: Instant | null,
  { now, path, maxAgeMs }: SeenLimits,
): Pick<JobFact, "healthy" | "rule" | "reason"> {
  if (at === null) return { healthy: false, rule: "none-left", reason: `no whole backup lies in "${path}"` };
  if (isFuture(at, now)) {
    const reason = `its newest backup in "${path}" is dated ${describeAge(at - now)} in the future`;
    return { healthy: false, rule: "clock", reason };
  }
  const ageMs = Math.max(0, now - at);
  const healthy = ageMs <= maxAgeMs;
  const reason = `its newest whole backup in "${path}" is ${describeAge(ageMs)} old, allowed are ${describeAge(maxAgeMs)}`;
  return { healthy, rule: healthy ? "fresh" : "age", reason };
}
