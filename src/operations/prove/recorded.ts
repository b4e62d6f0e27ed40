import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import type { Comparison } from "../../domain/proofs/comparison.ts";

/** What a restored database is held against. */
export interface Recorded {
  readonly facts: PostgresFacts;
  /** What can be said of it only with this reservation. */
  readonly unproven: Comparison["unproven"];
}
