import type { PostgresDeps } from "../postgres/access.ts";
import type { Postgres } from "../postgres/postgres.ts";

/** Loads the room when it is first used: most commands never are about a server. */
export function lazyPostgres(deps: PostgresDeps): Postgres {
  let loaded: Promise<Postgres> | null = null;
  const load = () => {
    loaded ??= import("../postgres/create-postgres.ts").then(({ createPostgres }) => createPostgres(deps));
    return loaded;
  };
  return {
    connect: async (...args) => (await load()).connect(...args),
    readDump: async (...args) => (await load()).readDump(...args),
    openThrowaway: async (...args) => (await load()).openThrowaway(...args),
    planThrowaway: async (...args) => (await load()).planThrowaway(...args),
    sweepThrowaways: async (...args) => (await load()).sweepThrowaways(...args),
    archiveText: async (...args) => (await load()).archiveText(...args),
  };
}
