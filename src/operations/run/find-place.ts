import type { Destination } from "../../destinations/destination.ts";
import { formatBackupFile, parseBackupFile } from "../../domain/backups/backup-file.ts";
import { messageOf } from "../../domain/failure.ts";
import { type ChainPlace, type Linked, linkOf, nextPlace } from "../../domain/signatures/chain-link.ts";
import type { Context } from "../context.ts";
import { readStoredBackup } from "../stored-backup.ts";

export interface PlaceWish {
  readonly job: string;
  readonly database: string | null;
  /** Those that are ready now. */
  readonly destinations: readonly Destination[];
}

/**
 * Where the next manifest of a job and database comes in their chain. The catalog knows; where it is new and knows
 * none of them, their own manifests at the destinations are asked, so that the chain goes on.
 */
export async function findPlace(context: Context, wish: PlaceWish): Promise<ChainPlace> {
  const { catalog } = context;
  const known = catalog.links(wish.job, wish.database);
  const links = known.length > 0 ? known : await linksAt(context, wish);
  const place = nextPlace(links, catalog.pruned(wish.job, wish.database));
  return { ...place, unaccounted: await goneOf(context, wish, place.unaccounted) };
}

/** What a new catalog does not know may well lie there. Said to be gone, it could be removed without a finding. */
async function goneOf(
  context: Context,
  { destinations }: PlaceWish,
  ids: readonly string[],
): Promise<readonly string[]> {
  const gone: string[] = [];
  for (const id of ids) {
    const standing = await Promise.all(destinations.map((one) => mayStandAt(context, one, id)));
    if (!standing.includes(true)) gone.push(id);
  }
  return gone;
}

async function mayStandAt({ log }: Context, destination: Destination, id: string): Promise<boolean> {
  try {
    return (await destination.stat(formatBackupFile(id, { kind: "manifest" }))) !== null;
  } catch (error) {
    log.debug({ backup: id, error: messageOf(error) }, "nobody can say whether a manifest is there");
    return true;
  }
}

/** As a manifest has them: what there is nothing to say of is left out. */
export function placeFields({ previous, previousId, pruned, unaccounted }: ChainPlace) {
  return {
    previous,
    ...(previousId !== null && { previousId }),
    pruned,
    ...(unaccounted.length > 0 && { unaccounted }),
  };
}

/** Told once, by the run that takes them out of the chain: from then on they are known to be unknown. */
export function warnUnaccounted({ unaccounted }: ChainPlace): readonly string[] {
  if (unaccounted.length === 0) return [];
  const names = unaccounted.map((id) => `"${id}"`).join(", ");
  return [
    `${names} once came before a backup that stands, and nobody can say who removed ${unaccounted.length === 1 ? "it" : "them"}: the catalog is newer than that`,
  ];
}

async function linksAt(context: Context, wish: PlaceWish): Promise<readonly Linked[]> {
  const found = new Map<string, Linked>();
  for (const destination of wish.destinations)
    for (const id of await manifestsAt(destination)) {
      const link = await readLink(context, destination, { ...wish, id });
      if (link !== null) found.set(link.sha256, link);
    }
  return [...found.values()];
}

async function manifestsAt(destination: Destination): Promise<readonly string[]> {
  const parsed = (await destination.list()).map(({ name }) => parseBackupFile(name));
  return parsed.flatMap((one) => (one?.file.kind === "manifest" ? [one.base] : []));
}

/** Null: of another job, or nothing that can be followed; that it cannot be read is for a check to tell. */
async function readLink(
  { log }: Context,
  destination: Destination,
  { id, job, database }: Pick<PlaceWish, "job" | "database"> & { readonly id: string },
): Promise<Linked | null> {
  try {
    const { manifest, manifestSha256 } = await readStoredBackup(destination, id);
    const isOurs = manifest.job === job && manifest.database === database && manifest.id === id;
    return isOurs ? linkOf(manifest, manifestSha256) : null;
  } catch (error) {
    log.debug({ backup: id, error: messageOf(error) }, "a manifest could not be read");
    return null;
  }
}
