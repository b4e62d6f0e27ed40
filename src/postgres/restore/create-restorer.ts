import type { ServerContext } from "../server.ts";
import { fingerprintOne } from "../throwaway/fingerprint-one.ts";
import { readBack } from "../throwaway/read-back.ts";
import { countRows } from "./count-rows.ts";
import { listReplaced } from "./list-replaced.ts";
import { dropDatabase } from "./maintenance.ts";
import { nameDatabase } from "./name-database.ts";
import { preflightRestore } from "./preflight.ts";
import { restoreDump } from "./restore-dump.ts";
import type { PostgresRestorer } from "./restorer.ts";
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
    countRows: (database, tables) => countRows(context, database, tables),
    dumpBack: (database, encoding, onProgress) =>
      readBack(context, { database, encoding, onProgress, signal: context.signal }),
    fingerprintTable: (database, table, encoding) =>
      fingerprintOne(context, { database, table, facts: { encoding }, signal: context.signal }),
    listReplaced: () => listReplaced(context),
    drop: (database) => dropDatabase(context, database, context.signal),
  };
}
