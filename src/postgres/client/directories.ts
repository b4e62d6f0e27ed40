/** A directory of client programs, with its slash; "" stands for the PATH. */
export interface ClientDirectory {
  readonly path: string;
  /** As the directory's name says; null for the PATH and for a configured directory. */
  readonly major: number | null;
}

export const pathDirectory: ClientDirectory = { path: "", major: null };

/** Where distributions put one directory per major: Debian's below the first, Red Hat's as /usr/pgsql-MAJOR. */
export const installationRoots = ["/usr/lib/postgresql", "/usr"] as const;

/** Reads `ls -1 /usr/lib/postgresql /usr`, newest major first. What does not fit is left out. */
export function parseDirectories(listing: string): readonly ClientDirectory[] {
  let root = "";
  const found: ClientDirectory[] = [];
  for (const line of listing.split("\n")) {
    if (line.endsWith(":")) root = line.slice(0, -1);
    const debian = root === "/usr/lib/postgresql" ? /^(\d+)$/.exec(line) : null;
    const redHat = root === "/usr" ? /^pgsql-(\d+)$/.exec(line) : null;
    const major = Number(debian?.[1] ?? redHat?.[1]);
    if (Number.isInteger(major)) found.push({ path: `${root}/${line}/bin/`, major });
  }
  return found.sort((a, b) => (b.major ?? 0) - (a.major ?? 0));
}

/**
 * In which order to try them for a server: its own major (same output as an operator's pg_dump, same archive
 * version), then the smallest newer one, then the PATH. The PATH comes last because Debian's /usr/bin/pg_dump is
 * a wrapper that picks a version by the local clusters.
 */
export function preferenceFor(
  directories: readonly ClientDirectory[],
  serverMajor: number,
): readonly ClientDirectory[] {
  const fit = directories.filter((one) => one.major !== null && one.major >= serverMajor);
  return [...fit.sort((a, b) => (a.major ?? 0) - (b.major ?? 0)), pathDirectory];
}
