import type { BackupRow, CopyRow } from "../../catalog/catalog.ts";
import type { Destination } from "../../destinations/destination.ts";
import { formatBackupFile, manifestSignature } from "../../domain/backups/backup-file.ts";
import { Failure } from "../../domain/failure.ts";
import { type Context, destinationNamed } from "../context.ts";
import { type Sealed, sealText } from "../run/seal.ts";
import { demandSameDisk } from "../same-disk.ts";
import { demandOwnName, readStoredBackup } from "../stored-backup.ts";
import { unlikeRecords } from "../unlike-records.ts";

export interface Source {
  readonly destination: Destination;
  /** The very bytes that lie there. */
  readonly sealed: Sealed;
}

/** A finished copy to read from. Throws when it is away, or its manifest is not the one that was made. */
export async function readSource(context: Context, row: BackupRow, copy: CopyRow): Promise<Source> {
  const destination = destinationNamed(context, copy.destination);
  demandSameDisk(destination, await destination.look(), copy);
  const stored = await readStoredBackup(destination, row.id);
  demandOwnName(stored, row.id);
  const [difference] = await unlikeRecords(context, destination, stored);
  if (difference !== undefined)
    throw new Failure(
      "backup.mismatch",
      `Cannot copy "${row.id}" from "${destination.name}": ${difference}`,
      { hint: "Check that copy with codex-backup verify, and restore from another one." },
    );
  const name = formatBackupFile(row.id, manifestSignature);
  const isSigned = (await destination.stat(name)) !== null;
  const signature = isSigned ? (await destination.read(name)).toString("utf8") : null;
  return { destination, sealed: sealText(stored.manifest, stored.manifestText, signature) };
}
