import type { Unproven } from "../postgres.ts";
import type { ServerContext } from "../server.ts";
import type { DumpEvent } from "../tap/dump-events.ts";

/** Where a dump is restored for proof: a server of our own, or a database on somebody else's. */
export interface ThrowawayHost {
  readonly description: string;
  /** Logged in as one who may do all that a restore needs. */
  readonly context: ServerContext;
  /** The name of the database that is made there. */
  readonly database: string;
  /** What the dump may take for granted: roles, tablespaces. Returns what was not done. */
  prepare(globals: Buffer | null): Promise<readonly Unproven[]>;
  /** What of CREATE DATABASE cannot be had there. */
  adaptCreate(statement: string): string;
  /** Statements of the dump that cannot be run there. */
  leavesOut(event: DumpEvent): boolean;
  /** Ends and removes all of it. Called once. */
  close(): Promise<void>;
}
