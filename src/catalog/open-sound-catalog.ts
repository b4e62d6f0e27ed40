import { Failure } from "../domain/failure.ts";
import type { Instant } from "../domain/instant.ts";
import type { Catalog } from "./catalog.ts";
import { openCatalog } from "./open-catalog.ts";
import { setAsideCatalog } from "./set-aside-catalog.ts";

export interface SoundCatalog {
  readonly catalog: Catalog;
  /** Where a damaged one was moved to; the catalog is then empty, to be filled from the destinations. Null: it was sound. */
  readonly setAside: string | null;
}

/**
 * Opens a catalog that can be worked with: a damaged one is moved aside and a new one begun, since a cache
 * must never stop a backup. A newer or unreachable one throws as openCatalog does.
 */
export function openSoundCatalog(path: string, now: Instant): SoundCatalog {
  const catalog = openUndamaged(path);
  if (catalog !== null) return { catalog, setAside: null };
  const setAside = setAsideCatalog(path, now);
  return { catalog: openCatalog(path), setAside };
}

function openUndamaged(path: string): Catalog | null {
  let catalog: Catalog | null = null;
  try {
    catalog = openCatalog(path);
    if (catalog.problems().length === 0) return catalog;
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "catalog.damaged") throw error;
  }
  catalog?.close();
  return null;
}
