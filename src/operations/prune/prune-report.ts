import { type Failure, reportOf } from "../../domain/failure.ts";
import type { Job } from "../../domain/jobs/job.ts";
import type { Verdict } from "../../domain/retention/retention.ts";
import type { PlannedCopy } from "../../domain/retention/retention-plan.ts";
import type { PruneReport } from "../operation.ts";

/** A copy of which nothing is removed yet. */
export function reportVerdict(job: Job, { backup, verdict, reasons }: Verdict<PlannedCopy>): PruneReport {
  const { id, destination, database, sizeBytes } = backup;
  return {
    job: job.name,
    destination,
    backup: id,
    database,
    verdict,
    reasons,
    sizeBytes,
    isRemoved: false,
    failure: null,
    exit: 0,
  };
}

export interface Trouble {
  /** Null: it concerns the whole job. */
  readonly destination: string | null;
  readonly failure: Failure;
}

/** Why a destination, or the whole job, could not be judged. */
export function reportTrouble(job: Job, { destination, failure }: Trouble): PruneReport {
  return {
    job: job.name,
    destination,
    backup: null,
    database: null,
    verdict: "keep",
    reasons: [],
    sizeBytes: 0,
    isRemoved: false,
    failure: reportOf(failure),
    exit: failure.meaning.exit,
  };
}
