import type { Unproven } from "../postgres.ts";
import type { ServerContext } from "../server.ts";
import type { NamedRoles } from "./named-roles.ts";

/** What a dump takes for granted. */
export interface RestoreNeeds extends NamedRoles {
  readonly globals: Buffer | null;
}

/** Where a dump is restored for proof: a server of our own, or a database on somebody else's. */
export interface ThrowawayHost {
  readonly description: string;
  /** A server of our own, which is thrown away with all that is in it. */
  readonly isOurs: boolean;
  /** Logged in as one who may do all that a restore needs. */
  readonly context: ServerContext;
  /** The name of the database that is made there. */
  readonly database: string;
  /** Makes roles and tablespaces. Returns what was not done. */
  prepare(needs: RestoreNeeds): Promise<readonly Unproven[]>;
  /** Ends and removes all of it. Called once. */
  close(): Promise<void>;
}
