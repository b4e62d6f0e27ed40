import type { FailureReport } from "../failure.ts";
import type { Level } from "../level.ts";
import type { ExitStatus } from "../outcome.ts";

/** What a check with a budget came to. Times are ISO 8601, UTC. */
export interface ReadingReport {
  /** Of a day; null: as much as there is. */
  readonly budgetBytes: number | null;
  /** By this check. */
  readonly readBytes: number;
  /** Of this day's budget, this check included. */
  readonly usedBytes: number;
  /** Whole ones, at all destinations. */
  readonly copies: number;
  /** Of those, the ones that were not read in the time that was promised. */
  readonly late: number;
  /** When the one was read whose reading is longest ago; one that never was counts from its birth. Null: there is none. */
  readonly oldestReadAt: string | null;
  /** The promise; null: none was made. */
  readonly withinMs: number | null;
  /** So much a day it would take; null: the budget suffices, or nothing says for what. */
  readonly neededBytes: number | null;
}

export interface VerifyReport {
  /** "*": whatever lies at a destination that cannot be looked at, and of which nothing is known. */
  readonly backup: string;
  readonly job: string | null;
  readonly destination: string;
  readonly outcome: "ok" | "damaged" | "failed";
  /** What this check itself reached. */
  readonly level: Level;
  readonly readBack: "direct" | "cached" | null;
  readonly checkedFiles: number;
  readonly differences: readonly string[];
  /** What should be mended though it changes nothing of the outcome: a result that could not be kept beside the copy. */
  readonly warnings: readonly string[];
  readonly failure: FailureReport | null;
  readonly exit: ExitStatus;
}
