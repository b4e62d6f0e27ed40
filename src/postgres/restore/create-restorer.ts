import type { PostgresRestorer } from "../postgres.ts";
import type { ServerContext } from "../server.ts";
import { dropDatabase, renameDatabase } from "./maintenance.ts";
import { preflightRestore } from "./preflight.ts";
import { restoreDump } from "./restore-dump.ts";

/** The restoring side of a server. */
export function createRestorer(context: ServerContext): PostgresRestorer {
  return {
    preflight: (request) => preflightRestore(context, request),
    restore: (request) => restoreDump(context, request),
    rename: (from, to, force) => renameDatabase(context, { from, to, force }),
    drop: (database) => dropDatabase(context, database, context.signal),
  };
}
