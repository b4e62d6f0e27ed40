import type { Destination } from "../../destinations/destination.ts";
import { formatBackupFile } from "../../domain/backups/backup-file.ts";
import { Failure } from "../../domain/failure.ts";
import { readOwnHash } from "../own-hash.ts";
import type { Sealed } from "../run/seal.ts";

/**
 * Removes a NAME.sha256 that stands in the way of ours: one that an adoption left which died before its
 * manifest, or that somebody made by hand. It may hold the only hash from the file's birth, so it goes only
 * when it speaks of this file alone and says what was read just now. Throws "backup.mismatch" when the file
 * has changed since; a NAME.sha256 of anything else stays, and publishing will say so.
 */
export async function clearOwnHash(destination: Destination, sealed: Sealed): Promise<void> {
  const { id, files } = sealed.manifest;
  const name = formatBackupFile(id, { kind: "sha256" });
  if ((await destination.stat(name)) === null) return;
  const known = new Map(files.map((file) => [file.path, file.sha256]));
  const { lines, isWellFormed } = await readOwnHash(destination, name);
  const manifest = formatBackupFile(id, { kind: "manifest" });
  if (!isWellFormed || !lines.every(({ path }) => path === manifest || known.has(path))) return;
  const changed = lines.find(({ path, sha256 }) => path !== manifest && known.get(path) !== sha256);
  if (changed) {
    throw new Failure(
      "backup.mismatch",
      `Cannot adopt "${changed.path}": its hash is not the one that "${name}" has recorded`,
      { hint: `Restore it from another copy; if it was replaced on purpose, remove "${name}".` },
    );
  }
  await destination.remove(name);
}
