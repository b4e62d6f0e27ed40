import { constants } from "node:fs";
import {
  chmod,
  chown,
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  rename,
  stat,
  unlink,
} from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "../domain/failure.ts";
import type { OwnerIds } from "./owner.ts";

// These functions throw Node's own errors: the room that calls them knows what they mean there.

/** Who a file belongs to, and its permission bits. */
export interface FileRights {
  readonly mode: number;
  /** Null: whoever we are. */
  readonly owner: OwnerIds | null;
}

/**
 * Creates a file that must not exist (EEXIST), 0600 whatever the umask, never through a symbolic link.
 * The caller closes it.
 */
export async function createExclusively(path: string): Promise<FileHandle> {
  const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW } = constants;
  const file = await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  const { mode } = await file.stat();
  if ((mode & 0o777) !== 0o600) await file.chmod(0o600).catch(() => undefined); // a umask of 0777, or a file system without modes
  return file;
}

/** Owner first: chown clears some mode bits. */
async function applyRights(path: string, rights: FileRights): Promise<void> {
  if (rights.owner !== null) await chown(path, rights.owner.uid, rights.owner.gid);
  await chmod(path, rights.mode);
}

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Writes all of it at the file's position, however often the kernel takes less than it was given. */
async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done);
    done += bytesWritten;
  }
}

/** Creates, writes and syncs a file that must not exist; on an error nothing is left of it. */
export async function writeNewFile(path: string, bytes: Uint8Array, rights: FileRights): Promise<void> {
  const file = await createExclusively(path);
  try {
    await writeFully(file, bytes);
    await applyRights(path, rights);
    await file.sync();
  } catch (error) {
    await removeIfThere(path).catch(() => false); // the first error is the one to tell
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * Replaces `path` in one step: readers see the old bytes or the new ones, also after a crash. `scratch` is a
 * path in the same directory that nobody else uses; a leftover of it is removed first.
 */
export async function replaceFile(
  path: string,
  bytes: Uint8Array,
  how: FileRights & { readonly scratch: string },
): Promise<void> {
  await removeIfThere(how.scratch);
  await writeNewFile(how.scratch, bytes, how);
  await rename(how.scratch, path);
  await syncDirectory(dirname(path));
}

/** False when it was gone already. */
export async function removeIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** Null when there is nothing; a symbolic link is itself. */
export async function statIfThere(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Creates what is missing of a path, each new directory with these rights, whatever the umask. Existing ones stay as they are. */
export async function makeDirectories(path: string, rights: FileRights): Promise<void> {
  if (await isDirectory(path)) return;
  if (dirname(path) !== path) await makeDirectories(dirname(path), rights);
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) === "EEXIST" && (await isDirectory(path))) return; // somebody else was quicker
    throw error;
  }
  await applyRights(path, rights);
  await syncDirectory(dirname(path));
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

/**
 * Moves a file to a name that must be free (EEXIST), in its own directory: link, then unlink, because
 * rename would overwrite.
 */
export async function linkAndUnlink(from: string, to: string): Promise<void> {
  await link(from, to);
  await unlink(from);
}
