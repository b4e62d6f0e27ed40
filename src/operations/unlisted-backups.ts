import type { Destination } from "../destinations/destination.ts";
import { formatBackupFile, parseBackupFile } from "../domain/backups/backup-file.ts";
import { parseManifest } from "../domain/backups/manifest-text.ts";
import type { BackupJob } from "../domain/jobs/job.ts";
import type { Context } from "./context.ts";

/**
 * The job's backups at its destinations that the catalog does not know; at each destination that can be read
 * now. Reads their manifests: to be asked only where the catalog is empty.
 */
export async function unlistedBackups(context: Context, job: BackupJob): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const name of job.to) {
    const destination = context.destinations.get(name);
    if (destination?.traits.kind !== "local") continue; // status asks no storage elsewhere
    for (const base of await unknownBases(context, destination))
      if (!found.has(base) && (await isOfJob(destination, base, job.name))) found.add(base);
  }
  return found;
}

async function unknownBases({ catalog, log }: Context, destination: Destination): Promise<readonly string[]> {
  try {
    const files = (await destination.list()).map(({ name }) => parseBackupFile(name));
    const manifests = files.flatMap((parsed) => (parsed?.file.kind === "manifest" ? [parsed.base] : []));
    return manifests.filter((base) => catalog.backupsNamed(base).length === 0);
  } catch (error) {
    // That it cannot be used is told by its own line.
    log.debug({ destination: destination.name, error }, "a destination could not be listed");
    return [];
  }
}

/** A manifest that cannot be read counts: a backup that may be ours is better told than passed over. */
async function isOfJob(destination: Destination, base: string, job: string): Promise<boolean> {
  const name = formatBackupFile(base, { kind: "manifest" });
  try {
    return parseManifest(await destination.read(name), name).job === job;
  } catch {
    return true;
  }
}
