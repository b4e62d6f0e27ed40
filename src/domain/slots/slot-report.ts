import type { Instant } from "../instant.ts";
import type { PassedSlot } from "./due.ts";

export interface StartedRun {
  readonly job: string;
  readonly runId: string;
  readonly slot: Instant | null;
}

/** Why no run was started: another one has the slot, it is passed over, or it waits. */
export interface SlotNews {
  readonly job: string;
  /** ISO 8601, UTC. */
  readonly slot: string;
  readonly state: "taken" | "skipped" | "missed" | "waiting";
  readonly reason: string;
}

/** What is to be done about the slots of a job now (see domain/slots/due.ts). */
export interface JobSlots {
  readonly job: string;
  readonly due: Instant | null;
  /** When to ask again at the latest; null: never. */
  readonly next: Instant | null;
  /** What was passed over just now. */
  readonly passed: readonly PassedSlot[];
}
