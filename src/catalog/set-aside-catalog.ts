import { existsSync, renameSync } from "node:fs";
import { formatInstant, type Instant } from "../domain/instant.ts";
import { catalogFailure } from "./catalog-failure.ts";

/**
 * Moves a damaged catalog out of the way of a rebuild, to `PATH.damaged-TIME`, with its write-ahead log, and
 * tells where it went; null when there was none. Nothing is deleted: its run rows stand nowhere else.
 * No connection of this process may be open. Throws "catalog.io".
 */
export function setAsideCatalog(path: string, now: Instant): string | null {
  const aside = `${path}.damaged-${formatInstant(now).replaceAll(/[-:.]/g, "")}`;
  try {
    if (!existsSync(path)) return null;
    // the log first: a new catalog must never meet the log of another
    for (const part of ["-shm", "-wal", ""]) {
      if (existsSync(path + part)) renameSync(path + part, aside + part);
    }
    return aside;
  } catch (error) {
    throw catalogFailure(error, { path, verb: "move" });
  }
}
