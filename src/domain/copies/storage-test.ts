import type { FailureReport } from "../failure.ts";

/** What `destination test` tries, in this order. */
export type StorageCheckName =
  | "ready"
  | "write"
  | "list"
  | "part"
  | "overwrite"
  | "missing"
  | "give up"
  | "remove"
  | "space"
  | "immutable";

/**
 * "kept": as promised. "broken": backups there cannot be relied on. "told": it works, and one should know. "retained":
 * it refuses to remove what was written, as append-only storages do.
 */
export type StorageOutcome = "kept" | "broken" | "told" | "retained";

export interface StorageCheck {
  readonly check: StorageCheckName;
  readonly outcome: StorageOutcome;
  readonly message: string;
  /** Of one that could not be tried. */
  readonly failure: FailureReport | null;
}

/** What came of trying a destination out. */
export interface StorageTest {
  readonly destination: string;
  readonly location: string;
  readonly checks: readonly StorageCheck[];
  /** Names that were written by the test and are still there. */
  readonly leftBehind: readonly string[];
  readonly exit: 0 | 1;
}
