import type { Destination } from "../destinations/destination.ts";
import { formatBackupFile } from "../domain/backups/backup-file.ts";

/**
 * Takes just written receipts back when their backup is no longer there; true then. Prune removes the manifest before it
 * looks once more what lies beside it: of what is written meanwhile, one of the two sees the other, whichever process,
 * or host, they are in. Throws when the destination went away: then nothing is known.
 */
export async function withdrawIfRemoved(
  destination: Destination,
  id: string,
  names: readonly string[],
): Promise<boolean> {
  if ((await destination.stat(formatBackupFile(id, { kind: "manifest" }))) !== null) return false;
  await destination.look();
  for (const name of names) await destination.remove(name);
  await destination.sync();
  return true;
}
