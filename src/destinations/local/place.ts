import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { removeIfThere, writeNewFile } from "../../platform/files.ts";
import { moveIfFree } from "../../platform/move-if-free.ts";
import { giveRights, privateRights } from "./rights.ts";
import type { LocalParts } from "./settings.ts";
import { translating } from "./translate.ts";

/**
 * Gives a whole, synced file its final name in the same directory. Nothing is ever overwritten: throws
 * "destination.exists", and the file stays where it was.
 */
export async function moveIntoPlace(directory: string, from: string, name: string): Promise<void> {
  const to = join(directory, name);
  const isMoved = await translating({ verb: "publish", path: to, directory }, () =>
    moveIfFree(join(directory, from), to),
  );
  if (isMoved) return;
  throw new Failure("destination.exists", `Cannot publish "${to}": there is already a file of that name`, {
    hint: "Move that file away, or let the job's name carry the time.",
  });
}

export interface SmallFile {
  readonly name: string;
  /** The hidden name it has until it is whole; a leftover of it is replaced. */
  readonly scratch: string;
  readonly bytes: Uint8Array;
}

/** Writes, syncs and publishes a small file in one go. On any failure nothing of it is left. */
export async function placeFile(parts: LocalParts, file: SmallFile): Promise<void> {
  const directory = parts.settings.path;
  const scratch = join(directory, file.scratch);
  const attempt = { verb: "write", path: join(directory, file.name), directory };
  const rights = await parts.rights();
  await translating(attempt, async () => {
    await removeIfThere(scratch);
    await writeNewFile(scratch, file.bytes, privateRights);
  });
  try {
    await giveRights(scratch, rights.file);
    await moveIntoPlace(directory, file.scratch, file.name);
  } catch (error) {
    await translating(attempt, () => unlink(scratch)).catch(() => undefined); // the first error is the one to tell
    throw error;
  }
}
