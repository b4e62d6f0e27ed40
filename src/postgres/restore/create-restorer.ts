import type { PostgresRestorer } from "../postgres.ts";
import type { ServerContext } from "../server.ts";
import { dropDatabase } from "./maintenance.ts";
import { nameDatabase } from "./name-database.ts";
import { preflightRestore } from "./preflight.ts";
import { restoreDump } from "./restore-dump.ts";
import { surveyDump } from "./survey-dump.ts";
import { swapDatabases } from "./swap-databases.ts";

/** The restoring side of a server. */
export function createRestorer(context: ServerContext): PostgresRestorer {
  return {
    survey: (request) => surveyDump(context, request),
    preflight: (request) => preflightRestore(context, request),
    restore: (request) => restoreDump(context, request),
    name: (naming) => nameDatabase(context, naming),
    swap: (swap) => swapDatabases(context, swap),
    drop: (database) => dropDatabase(context, database, context.signal),
  };
}
