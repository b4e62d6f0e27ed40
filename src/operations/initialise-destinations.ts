import type { Destination, DestinationFacts } from "../destinations/destination.ts";
import { asFailure, reportOf } from "../domain/failure.ts";
import type { ListedDestination } from "../domain/health/status-report.ts";
import { type Context, destinationNamed } from "./context.ts";
import { noteLook } from "./note-look.ts";
import type { InitialisedDestination } from "./operation.ts";

/** Writes the sentinel and the restore page at destinations; keeps what is there. Empty: all of the config. */
export async function initialiseDestinations(
  context: Context,
  names: readonly string[],
): Promise<readonly InitialisedDestination[]> {
  const wanted = names.length > 0 ? names : [...context.destinations.keys()];
  const done: InitialisedDestination[] = [];
  for (const destination of wanted.map((name) => destinationNamed(context, name))) {
    done.push({ name: destination.name, location: destination.location, id: await destination.initialise() });
  }
  return done;
}

/** Asks every destination whether a run could use it now; `ask` chooses between trying it out and looking only. */
export async function listDestinations(
  context: Context,
  ask: (destination: Destination) => Promise<DestinationFacts> = (destination) => destination.ready(),
): Promise<readonly ListedDestination[]> {
  return Promise.all(
    [...context.destinations.values()].map(async (destination) => {
      const { name, location } = destination;
      try {
        const facts = await ask(destination);
        noteLook(context, destination, facts);
        return { name, location, ...facts, failure: null };
      } catch (error) {
        const failure = reportOf(asFailure(error, "destination.io", `Cannot use destination "${name}"`));
        return { name, location, id: null, freeBytes: null, totalBytes: null, warnings: [], failure };
      }
    }),
  );
}
