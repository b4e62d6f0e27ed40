import { withheld } from "../../domain/encryption/untold.ts";
import { Failure, type FailureReport } from "../../domain/failure.ts";
import { leavesBackups } from "../../domain/jobs/job.ts";
import type { Context } from "../context.ts";
import type { AttemptFacts, Work } from "./attempt.ts";

/** Whether a job's backups are encrypted; of a proof's job, whether those that it proves are. */
export function isSealedJob({ jobs }: Pick<Context, "jobs">, name: string): boolean {
  const of = name.endsWith(":prove") ? name.slice(0, -":prove".length) : name; // no job of the config has a colon
  return jobs.some((job) => job.name === of && leavesBackups(job) && job.encrypt !== null);
}

/** The failure of a run of an encrypted job as everybody may read it. */
export function toldFailure(
  failure: FailureReport,
  { job, runId }: Pick<AttemptFacts, "job" | "runId">,
): FailureReport {
  const hint = `Type codex-backup logs ${runId} on this machine, which alone tells more.`;
  return withheld(failure, { doing: `Cannot finish "${job}"`, hint });
}

/** What a run of an encrypted job came to, as everybody may read it; what that leaves out joins its `untold`. */
export function withhold(work: Work, facts: AttemptFacts): Work {
  const { failure, untold = [] } = work;
  if (failure === null) return work;
  const { code, message, hint } = toldFailure(failure, facts);
  if (message === failure.message) return work;
  const told = new Failure(code, message, hint === null ? {} : { hint });
  return {
    ...work,
    failure: told,
    untold: [failure.message, failure.hint ?? "", ...untold].filter((line) => line !== ""),
  };
}
