import type { Unproven } from "../postgres.ts";
import type { ServerContext } from "../server.ts";

/** Where a dump is restored for proof: a server of our own, or a database on somebody else's. */
export interface ThrowawayHost {
  readonly description: string;
  /** Logged in as one who may do all that a restore needs. */
  readonly context: ServerContext;
  /** The name of the database that is made there. */
  readonly database: string;
  /** What the dump may take for granted: roles, tablespaces. Returns what was not done. */
  prepare(globals: Buffer | null): Promise<readonly Unproven[]>;
  /** Ends and removes all of it. Called once. */
  close(): Promise<void>;
}
