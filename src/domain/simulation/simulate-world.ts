import type { KeepPolicy } from "../jobs/job.ts";
import type { PastRun, PlannedCopy } from "../retention/retention-plan.ts";
import type { Schedule } from "../slots/schedule.ts";
import type { Growth } from "./growth.ts";

/** A job as it stands when the simulation begins. */
export interface SimulatedJob {
  readonly name: string;
  readonly zone: string;
  /** Null: it makes no backups by itself. */
  readonly schedule: Schedule | null;
  readonly nameTemplate: string;
  /** Destinations that it writes to. */
  readonly to: readonly string[];
  policyAt(destination: string): KeepPolicy;
  readonly sources: readonly SimulatedSource[];
  readonly copies: readonly PlannedCopy[];
}

/** One database, or the capsule. */
export interface SimulatedSource {
  readonly database: string | null;
  /** Null: no backup yet, so that nobody knows its size; it is taken as nothing. */
  readonly growth: Growth | null;
  /** Last started first. */
  readonly runs: readonly PastRun[];
}

/** A copy in a simulation. */
export interface SimulatedCopy extends PlannedCopy {
  readonly job: string;
}

export interface SimulatedVerdict {
  readonly backup: SimulatedCopy;
  readonly reasons: readonly string[];
}

/** What changes from run to run; a new value after each. */
export interface World {
  readonly copies: readonly SimulatedCopy[];
  readonly runs: ReadonlyMap<string, readonly PastRun[]>;
  /** What the clock shows beyond the true time. */
  readonly offsetMs: number;
}

/** Of a job and database. */
export function keyOf(job: string, database: string | null): string {
  return `${job}\n${database ?? ""}`;
}

/** Bytes at each destination. */
export function bytesByPlace(copies: readonly SimulatedCopy[]): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  for (const { destination, sizeBytes } of copies)
    bytes.set(destination, (bytes.get(destination) ?? 0) + sizeBytes);
  return bytes;
}
