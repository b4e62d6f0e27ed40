import type { ReadingSettings } from "../copies/reading-plan.ts";
import type { Job, VerifyJob } from "./job.ts";

/** No job of the config can be called so: their names have no colon. */
const verifyJobName = "copies:verify";

/** Where copies are read by a schedule, the job that does so comes last. */
export function withVerifyJob(jobs: readonly Job[], { schedule, timezone }: ReadingSettings): readonly Job[] {
  return schedule === null ? jobs : [...jobs, verifyJob(schedule, timezone)];
}

function verifyJob(schedule: string, timezone: string): VerifyJob {
  return {
    kind: "verify",
    name: verifyJobName,
    schedule,
    timezone,
    timeoutMs: null,
    maxAgeMs: null,
    graceMs: null,
    due: { catchUp: "once", blackout: [], jitterMs: 0 },
  };
}
