import type { Config } from "../config/config.ts";
import type {
  DestinationConfig,
  LocalDestinationConfig,
  RemoteDestinationConfig,
  SwornImmutability,
} from "../config/destination-config.ts";
import type { Destination } from "../destinations/destination.ts";
import { withBandwidth } from "../destinations/layers/bandwidth.ts";
import { readOnly } from "../destinations/layers/read-only.ts";
import { createLocalDestination } from "../destinations/local/local-destination.ts";
import type { Host } from "../platform/host.ts";
import { lazyDestination } from "./lazy-destination.ts";
import type { DriverDeps } from "./open-driver.ts";
import { storageLocation } from "./storage-location.ts";

export interface DestinationDeps extends DriverDeps {
  readonly host: Host;
  /** What does not answer is told at once, instead of being asked again for two minutes. */
  readonly isImpatient: boolean;
}

type Wanted = Pick<Config, "destinations" | "timezone">;

/** By name, in the config's order. Nothing is asked, and no driver of a storage elsewhere is loaded, before the first call. */
export function buildDestinations(
  { destinations, timezone }: Wanted,
  deps: DestinationDeps,
): ReadonlyMap<string, Destination> {
  const build = (config: DestinationConfig) =>
    config.kind === "local" ? buildLocal(config, timezone, deps) : buildRemote(config, timezone, deps);
  return new Map(destinations.map((config) => [config.name, build(config)]));
}

function buildLocal(config: LocalDestinationConfig, zone: string, deps: DestinationDeps): Destination {
  return guarded(config, limited(config, createLocalDestination(config, deps), { zone, ...deps }));
}

/**
 * From the inside: the driver; the bandwidth, which so counts the bytes of second tries too; the retries, which wait
 * without holding anybody's turn; and outermost what needs no server to answer.
 */
function buildRemote(config: RemoteDestinationConfig, zone: string, deps: DestinationDeps): Destination {
  const { name, traits } = config;
  const inner = lazyDestination({ name, traits, location: storageLocation(config) }, async () => {
    const { openDriver } = await import("./open-driver.ts");
    const inside = limited(config, await openDriver(config, deps), { zone, ...deps });
    if (deps.isImpatient) return inside;
    const { withRetries } = await import("../destinations/layers/retries.ts");
    return withRetries(inside, deps);
  });
  return guarded(config, inner);
}

function limited(
  { bandwidth: rules }: DestinationConfig,
  inner: Destination,
  { clock, zone }: Pick<DestinationDeps, "clock"> & { readonly zone: string },
): Destination {
  return rules.length === 0 ? inner : withBandwidth(inner, { clock, rules, zone });
}

function guarded({ sworn, traits }: DestinationConfig, inner: Destination): Destination {
  const told = sworn === null ? inner : withSworn(inner, sworn);
  return traits.isReadOnly ? readOnly(told) : told;
}

/** What the storage shows by itself counts for more than the operator's word. */
function withSworn(inner: Destination, { days }: SwornImmutability): Destination {
  const sworn = { by: "sworn", days } as const;
  const ask = (facts: ReturnType<Destination["look"]>) =>
    facts.then((seen) => ({ ...seen, immutability: seen.immutability ?? sworn }));
  return { ...inner, ready: () => ask(inner.ready()), look: () => ask(inner.look()) };
}
