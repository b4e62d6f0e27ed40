import type { Instant } from "../../domain/instant.ts";

/** What the kinds of jobs are given for one run of a job. */
export interface JobRun {
  readonly slot: Instant | null;
  readonly signal: AbortSignal;
  /** The first run's id; a job with several databases takes new ones for the others. */
  readonly runId: string;
  /** For the proofs of these, which the run before has made; left out: of the newest good ones. */
  readonly backups?: readonly string[];
}
