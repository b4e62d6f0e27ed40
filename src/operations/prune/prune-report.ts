import { type Failure, reportOf } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import type { Job } from "../../domain/jobs/job.ts";
import type { Verdict } from "../../domain/retention/retention.ts";
import type { PlannedCopy } from "../../domain/retention/retention-plan.ts";
import type { PruneReport } from "../operation.ts";
import type { Retained } from "./retained.ts";

/** As it is told; the moment in ISO 8601, UTC. */
export function reportRetained({ until }: Retained): NonNullable<PruneReport["retained"]> {
  return { until: until === null ? null : formatInstant(until) };
}

/** A copy of which nothing is removed yet. */
export function reportVerdict(job: Job, { backup, verdict, reasons }: Verdict<PlannedCopy>): PruneReport {
  const { retained } = backup;
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
    retained: verdict === "remove" && retained !== undefined ? reportRetained(retained) : null,
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
    retained: null,
    failure: reportOf(failure),
    exit: failure.meaning.exit,
  };
}
