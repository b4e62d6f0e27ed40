import type { Destination } from "../destinations/destination.ts";

/** What is known of a storage elsewhere before anything of its driver is loaded. */
type Known = Pick<Destination, "name" | "location" | "traits">;

/** Loads the driver, and its library, when the storage is first used: `status` and local runs pay nothing for it. */
export function lazyDestination(known: Known, open: () => Promise<Destination>): Destination {
  let opened: Promise<Destination> | null = null;
  const load = () => {
    opened ??= open();
    return opened;
  };
  const { name, location, traits } = known;
  return {
    name,
    location,
    traits,
    checksums: null,
    localPath: () => null,
    ready: async () => (await load()).ready(),
    look: async () => (await load()).look(),
    initialise: async () => (await load()).initialise(),
    stage: async (...args) => (await load()).stage(...args),
    listStaged: async () => (await load()).listStaged(),
    resume: async (...args) => (await load()).resume(...args),
    discardStaged: async (left) => (await load()).discardStaged(left),
    list: async () => (await load()).list(),
    stat: async (file) => (await load()).stat(file),
    open: async (...args) => (await load()).open(...args),
    read: async (...args) => (await load()).read(...args),
    put: async (...args) => (await load()).put(...args),
    remove: async (file) => (await load()).remove(file),
    sync: async () => (await load()).sync(),
    async close() {
      const inner = await opened?.catch(() => null); // what could not be opened has nothing to end
      await inner?.close();
    },
  };
}
