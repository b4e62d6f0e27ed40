import type { CopyRow } from "../../catalog/catalog.ts";
import type { Destination } from "../../destinations/destination.ts";
import { type BackupFile, formatBackupFile, parseBackupFile } from "../../domain/backup-file.ts";
import { Failure } from "../../domain/failure.ts";
import type { BackupJob } from "../../domain/job.ts";
import { parseManifest } from "../../domain/manifest-text.ts";
import { type Context, destinationNamed } from "../context.ts";
import { demandSameDisk } from "../same-disk.ts";

interface CopyName {
  readonly id: string;
  readonly destination: string;
}

/**
 * Removes one copy in the order of STATE: tombstone in the catalog, manifest, data, checksums, rows. A death
 * between any two steps leaves a tombstone that finishRemovals works off. Throws and removes nothing when
 * another disk lies there ("destination.sentinel-foreign") or a hold file stands beside the copy ("usage.refused").
 */
export async function removeCopy(
  context: Context,
  job: BackupJob,
  { id, destination: name }: CopyName,
): Promise<void> {
  const { catalog } = context;
  const row = catalog.backup(job.name, id);
  const copy = row?.copies.find((candidate) => candidate.destination === name);
  if (!row || !copy) return;
  const destination = destinationNamed(context, name);
  demandSameDisk(destination, await destination.ready(), copy);
  await demandNotHeld(destination, id);
  const files = await filesOf(context, destination, { job: job.name, id });
  catalog.putCopy({ ...copy, state: "removing" });
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

/** A hold may have been made since the plan, here or by another host. */
async function demandNotHeld(destination: Destination, id: string): Promise<void> {
  const name = formatBackupFile(id, { kind: "hold" });
  if ((await destination.stat(name)) === null) return;
  throw new Failure("usage.refused", `Cannot remove "${id}" at "${destination.name}": "${name}" holds it`, {
    hint: "End the hold with codex-backup release.",
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
  const beside = (await destination.list())
    .map(({ name }) => name)
    .filter((name) => isBeside(name, id, data));
  return [...new Set([...data, ...beside])];
}

function isBeside(name: string, id: string, data: readonly string[]): boolean {
  const parsed = parseBackupFile(name);
  return parsed !== null && parsed.base === id && isPartOf(parsed.file, id, data);
}

function isPartOf(file: BackupFile, id: string, data: readonly string[]): boolean {
  switch (file.kind) {
    case "manifest":
    case "sha256":
    case "accepted":
    case "check":
    case "proof":
      return true;
    case "dump":
    case "capsule":
    case "globals":
    case "database":
      return data.includes(formatBackupFile(id, file)); // a file of somebody else may have such a name
    case "hold":
      return false;
    case "signature":
      return isPartOf(file.of, id, data);
    default:
      return file satisfies never;
  }
}

/** Works off the tombstones that a dead prune left. A destination that is away is tried again next time. */
export async function finishRemovals(context: Context, job: BackupJob): Promise<void> {
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
