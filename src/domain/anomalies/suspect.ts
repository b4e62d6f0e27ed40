import { isFuture } from "../health/health.ts";
import type { Instant } from "../instant.ts";
import type { Anomaly } from "./anomaly.ts";

/** Whether a backup is not what its history lets one expect, and nobody has said that it is as it should be. */
export function isSuspect(backup: {
  readonly anomalies: readonly Anomaly[];
  readonly accepted: boolean;
}): boolean {
  return backup.anomalies.length > 0 && !backup.accepted;
}

/**
 * Whether the gate's word on this backup is one on how things are now. One that is incomplete says nothing, one that was
 * adopted never came to the gate, and one that a wrong clock has dated into the future must not hold up pruning until then.
 */
export function speaksForNow({ createdAt, outcome, adopted }: Speaker, now: Instant): boolean {
  return outcome === "complete" && !adopted && !isFuture(createdAt, now);
}

interface Speaker {
  readonly createdAt: Instant;
  readonly outcome: "complete" | "incomplete";
  readonly adopted: boolean;
}

/** Stands in the summary of a run whose backup is suspect. */
export const suspectWord = "; suspect";

/** The summary of a run, once somebody has accepted its backup. */
export function summaryOnceAccepted(summary: string): string {
  return summary.replace(/; suspect(?=;|$)/, "; accepted");
}
