import type { PostgresDeps } from "./access.ts";
import { connectServer } from "./connect.ts";
import { archiveText } from "./dump/archive-text.ts";
import type { Postgres } from "./postgres.ts";
import { readDump } from "./tap/read-dump.ts";
import { openThrowaway } from "./throwaway/open-throwaway.ts";
import { planThrowaway } from "./throwaway/plan-throwaway.ts";
import { sweepThrowaways } from "./throwaway/sweep-throwaways.ts";

/** The real thing. Starts nothing until it is asked. */
export function createPostgres(deps: PostgresDeps): Postgres {
  return {
    connect: (source, database, options) => connectServer(deps, source, { ...options, database }),
    readDump,
    openThrowaway: (wish) => openThrowaway(deps, wish),
    planThrowaway: (plan) => planThrowaway(deps, plan),
    sweepThrowaways: (sweep) => sweepThrowaways(deps, sweep),
    archiveText: (source, archive, options) => archiveText(deps, source, { archive, signal: options.signal }),
  };
}
