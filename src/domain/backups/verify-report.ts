import type { FailureReport } from "../failure.ts";
import type { Level } from "../level.ts";
import type { ExitStatus } from "../outcome.ts";

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
