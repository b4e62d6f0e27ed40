import { openCatalog } from "../catalog/open-catalog.ts";
import type { FetchConfigWish, FoundConfig } from "../cli/cli.ts";
import { fetchConfig } from "../operations/config-copy/fetch-config.ts";
import type { Clock } from "../platform/clock.ts";
import { buildContext } from "./build-context.ts";

export interface FetchOutside {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** See Tool.fetchConfig. Leaves nothing on this machine. */
export async function fetchKeptConfig(
  { config, identity, needs }: FetchConfigWish,
  { clock, env }: FetchOutside,
): Promise<FoundConfig | null> {
  const context = buildContext({ config, needs, clock, env, catalog: openCatalog(":memory:") });
  const [destination] = context.destinations.values();
  try {
    return destination === undefined
      ? null
      : await fetchConfig(destination, { encryption: context.encryption, identity });
  } finally {
    await context.close();
  }
}
