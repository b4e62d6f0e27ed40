import type { DiskNeed, FirstEffect, Stock } from "./simulate-summary.ts";

/** Times are ISO 8601, UTC. */
export interface SimulationReport {
  readonly startedAt: string;
  /** What was taken for granted, a sentence each. */
  readonly assumptions: readonly string[];
  /** What exists now. */
  readonly start: readonly Stock[];
  readonly days: readonly SimulatedDayReport[];
  readonly firsts: readonly FirstEffect[];
  readonly disks: readonly DiskNeed[];
}

export interface SimulatedDayReport {
  /** 1 is the first 24 hours. */
  readonly day: number;
  /** Its end. */
  readonly at: string;
  readonly made: readonly SimulatedChange[];
  readonly removed: readonly (SimulatedChange & { readonly reasons: readonly string[] })[];
  /** So many backups would have gone, had a person said yes: more than half at once. */
  readonly refused: number;
  /** What exists at its end. */
  readonly stock: readonly Stock[];
}

export interface SimulatedChange {
  readonly job: string;
  readonly database: string | null;
  readonly destination: string;
  readonly backup: string;
  readonly sizeBytes: number;
}
