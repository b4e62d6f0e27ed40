import type { CapsuleCheckOptions, Capsules } from "./capsule.ts";
import { checkCapsule } from "./check-capsule.ts";
import { checkForeign } from "./check-foreign.ts";
import { type Crew, createCrew } from "./crew.ts";
import { extractCapsule } from "./extract-capsule.ts";
import { extractForeign } from "./extract-foreign.ts";
import { openEntry } from "./open-entry.ts";
import { originOf } from "./open-foreign.ts";
import { emptied, writeCapsule } from "./write-capsule.ts";

export interface CapsuleDeps {
  /** Worker threads of one operation, at least 1: as many as the machine has processors, up to 8, is best. */
  readonly threads: number;
}

/** Capsules as ordinary zips. Each call has its own workers, which end with it; an aborted signal's reason is thrown. */
export function createCapsules({ threads }: CapsuleDeps): Capsules {
  const withCrew = async <T>(
    { signal }: Pick<CapsuleCheckOptions, "signal">,
    work: (crew: Crew) => Promise<T>,
  ) => {
    const crew = createCrew(threads, signal);
    try {
      return await work(crew);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      crew.end();
    }
  };
  return {
    estimate: (source, signal) =>
      withCrew({ signal }, async (crew) => {
        const tree = await crew.ask("walk", source);
        const files = tree.found.filter((entry) => entry.kind !== "directory");
        if (files.length === 0) throw emptied(tree);
        return { files: files.length, contentBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0) };
      }),
    write: (source, sink, options) =>
      withCrew(options, (crew) => writeCapsule(source, sink, { ...options, crew })),
    check: (path, options) => withCrew(options, (crew) => checkCapsule(path, { ...options, crew })),
    checkForeign: (path, options) => withCrew(options, (crew) => checkForeign(path, { ...options, crew })),
    extract: (path, options) => withCrew(options, (crew) => extractCapsule(path, { ...options, crew })),
    extractForeign: (path, options) =>
      withCrew(options, (crew) => extractForeign(path, { ...options, crew })),
    originOf,
    openEntry,
  };
}
