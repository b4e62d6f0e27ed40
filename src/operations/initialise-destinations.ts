import type { Destination, DestinationFacts } from "../destinations/destination.ts";
import { asFailure, reportOf } from "../domain/failure.ts";
import type { ListedDestination } from "../domain/health/status-report.ts";
import { type Context, destinationNamed } from "./context.ts";
import { noteLook } from "./note-look.ts";
import type { InitialisedDestination } from "./operation.ts";

/** Writes the sentinel and the restore page at destinations; keeps what is there. Empty: all of the config that may be written. */
export async function initialiseDestinations(
  context: Context,
  names: readonly string[],
): Promise<readonly InitialisedDestination[]> {
  const writable = [...context.destinations.values()].filter(({ traits }) => !traits.isReadOnly);
  const wanted = names.length > 0 ? names : writable.map(({ name }) => name);
  const done: InitialisedDestination[] = [];
  for (const destination of wanted.map((name) => destinationNamed(context, name))) {
    done.push({ name: destination.name, location: destination.location, id: await destination.initialise() });
  }
  return done;
}

/** Asks every destination whether a run could use it now; one that is only read is looked at. */
export async function listDestinations(context: Context): Promise<readonly ListedDestination[]> {
  const ask = (one: Destination) => (one.traits.isReadOnly ? one.look() : one.ready());
  return Promise.all([...context.destinations.values()].map((one) => listOne(context, one, ask)));
}

/**
 * For status and monitors. Only directories are looked at: to ask a storage elsewhere takes its secrets, which monitors
 * have no right to, and a network. Whether backups arrive there is told by the runs, what lies there by the catalog.
 */
export async function lookAtDirectories(context: Context): Promise<readonly ListedDestination[]> {
  const look = (one: Destination) => one.look();
  return Promise.all(
    [...context.destinations.values()].map(async (one) =>
      one.traits.kind === "local" ? listOne(context, one, look) : { ...unknownOf(one), failure: null },
    ),
  );
}

async function listOne(
  context: Context,
  destination: Destination,
  ask: (destination: Destination) => Promise<DestinationFacts>,
): Promise<ListedDestination> {
  const { name, location } = destination;
  try {
    const facts = await ask(destination);
    noteLook(context, destination, facts);
    return { name, location, ...facts, failure: null };
  } catch (error) {
    const failure = reportOf(asFailure(error, "destination.io", `Cannot use destination "${name}"`));
    return { ...unknownOf(destination), failure };
  }
}

function unknownOf({ name, location }: Destination): Omit<ListedDestination, "failure"> {
  return { name, location, id: null, freeBytes: null, totalBytes: null, warnings: [] };
}
