import { Failure } from "../../domain/failure.ts";
import type { Destination, DirectoryChecksums, StagedFile } from "../destination.ts";

/**
 * The same destination, of which nothing is written and nothing removed: whatever would, throws
 * "destination.read-only" before the storage hears of it. So does `ready`, which promises that files can be written.
 */
export function readOnly(inner: Destination): Destination {
  const refuse = async (doing: string): Promise<never> => {
    throw new Failure("destination.read-only", `Cannot ${doing} at "${inner.name}": it is read-only`, {
      hint: `Name another destination, or take readOnly out of "${inner.name}" in the configuration.`,
    });
  };
  return {
    name: inner.name,
    location: inner.location,
    traits: inner.traits,
    ready: () => refuse("write"),
    look: () => inner.look(),
    initialise: () => refuse("write the sentinel"),
    stage: (name) => refuse(`write "${name}"`),
    listStaged: () => inner.listStaged(),
    async resume(name, runId) {
      const left = await inner.resume(name, runId);
      return left === null ? null : readOnlyStaged(left, refuse);
    },
    discardStaged: ({ name }) => refuse(`remove what is left of "${name}"`),
    list: () => inner.list(),
    stat: (name) => inner.stat(name),
    open: (name, options) => inner.open(name, options),
    localPath: (name) => inner.localPath(name),
    read: (name, limitBytes) => inner.read(name, limitBytes),
    put: (name) => refuse(`write "${name}"`),
    remove: (name) => refuse(`remove "${name}"`),
    sync: async () => {}, // nothing was changed
    close: () => inner.close(),
    checksums: inner.checksums === null ? null : readOnlyChecksums(inner.checksums, refuse),
  };
}

type Refuse = (doing: string) => Promise<never>;

function readOnlyStaged(inner: StagedFile, refuse: Refuse): StagedFile {
  const { name, localPath, sink } = inner;
  return {
    name,
    localPath,
    sink,
    readBack: (range) => inner.readBack(range),
    storedBytes: () => inner.storedBytes(),
    publish: () => refuse(`publish "${name}"`),
    discard: () => refuse(`remove what is left of "${name}"`),
  };
}

function readOnlyChecksums(inner: DirectoryChecksums, refuse: Refuse): DirectoryChecksums {
  return {
    read: () => inner.read(),
    entries: () => inner.entries(),
    add: () => refuse("change checksums.txt"),
    drop: () => refuse("change checksums.txt"),
    replace: () => refuse("change checksums.txt"),
  };
}
