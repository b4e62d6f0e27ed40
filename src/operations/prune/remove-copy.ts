import type { CopyRow } from "../../catalog/catalog.ts";
import type { Destination } from "../../destinations/destination.ts";
import { formatBackupFile, parseBackupFile } from "../../domain/backup-file.ts";
import type { CapsuleJob, PostgresJob } from "../../domain/job.ts";
import { parseManifest } from "../../domain/manifest-text.ts";
import { type Context, destinationNamed } from "../context.ts";

interface CopyName {
  readonly id: string;
  readonly destination: string;
}

/**
 * Removes one copy in the order of STATE: tombstone in the catalog, manifest, data, checksums, rows. A death
 * between any two steps leaves a tombstone that finishRemovals works off.
 */
export async function removeCopy(
  context: Context,
  job: PostgresJob | CapsuleJob,
  { id, destination: name }: CopyName,
): Promise<void> {
  const { catalog } = context;
  const row = catalog.backup(job.name, id);
  const copy = row?.copies.find((candidate) => candidate.destination === name);
  if (!row || !copy) return;
  const destination = destinationNamed(context, name);
  await destination.ready();
  catalog.putCopy({ ...copy, state: "removing" });
  const files = await filesOf(context, destination, { job: job.name, id });
  await destination.remove(formatBackupFile(id, { kind: "manifest" }));
  await destination.sync();
  for (const file of files) await destination.remove(file);
  await destination.sync();
  await destination.checksums?.drop([...files, formatBackupFile(id, { kind: "manifest" })]);
  catalog.atomically(() => {
    catalog.removeCopy(job.name, id, name);
    if (row.copies.length === 1) catalog.addPruned(job.name, row.database, id);
    catalog.removeBackupIfBare(job.name, id);
  });
}

/** The data files that the manifest names, and what stands beside them under this name; never anything else. */
async function filesOf(
  { catalog }: Context,
  destination: Destination,
  { job, id }: { readonly job: string; readonly id: string },
): Promise<readonly string[]> {
  const text = catalog.manifestText(job, id);
  const data =
    text === null ? [] : parseManifest(Buffer.from(text), `catalog: ${id}`).files.map((file) => file.path);
  const beside = (await destination.list()).map(({ name }) => name).filter((name) => isBeside(name, id));
  return [...new Set([...data, ...beside])];
}

function isBeside(name: string, id: string): boolean {
  const parsed = parseBackupFile(name);
  if (parsed === null || parsed.base !== id) return false;
  return [
    "sha256",
    "accepted",
    "check",
    "check-signature",
    "proof",
    "proof-signature",
    "manifest-signature",
  ].includes(parsed.file.kind);
}

/** Works off the tombstones that a dead prune left. A destination that is away is tried again next time. */
export async function finishRemovals(context: Context, job: PostgresJob | CapsuleJob): Promise<void> {
  const open: readonly CopyRow[] = context.catalog
    .backups({ job: job.name })
    .flatMap((row) => row.copies)
    .filter((copy) => copy.state === "removing");
  for (const copy of open) {
    try {
      await removeCopy(context, job, { id: copy.backupId, destination: copy.destination });
    } catch (error) {
      context.log.warn(
        { backup: copy.backupId, destination: copy.destination, error: String(error) },
        "could not finish a removal yet",
      );
    }
  }
}
