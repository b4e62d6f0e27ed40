import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";

/** What every driver of a storage elsewhere is given. */
export interface RemoteDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** So many random lower-case letters and digits. */
  readonly randomToken: (length: number) => string;
  /** As the sentinel names it: "codex-backup 0.1.0". */
  readonly tool: string;
}
