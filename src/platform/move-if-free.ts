import { rename } from "node:fs/promises";
import { errnoOf } from "../domain/failure.ts";
import { startChild, succeeded } from "./child.ts";
import { linkAndUnlink, statIfThere } from "./files.ts";

/**
 * Moves a file to a name in the same directory only if that name is free; false when it is taken. By link
 * and unlink; where there are no hard links (vfat, some FUSE and SMB) by renameIfFree. Throws Node's errors.
 */
export async function moveIfFree(from: string, to: string, link = linkAndUnlink): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    if (!lacksHardLinks(error)) throw error;
  }
  return renameIfFree(from, to);
}

/** Whether a failed link means "not on this file system", or that links to this file are forbidden. */
export function lacksHardLinks(thrown: unknown): boolean {
  const errno = errnoOf(thrown);
  return errno !== null && ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(errno);
}

/**
 * Node has no renameat2(RENAME_NOREPLACE), but `mv -nT` asks the kernel for exactly that, so that nothing can
 * slip in between. Where the kernel cannot do it there either (some FUSE), or there is no such mv, a moment
 * remains between looking and renaming.
 */
async function renameIfFree(from: string, to: string): Promise<boolean> {
  if ((await statIfThere(to)) !== null) return false;
  if (await moveByProgram(from, to)) return true;
  if ((await statIfThere(to)) !== null) return false;
  await rename(from, to);
  return true;
}

/** mv -n ends with 0 or 1, by its version, when the name is taken: what counts is whether the source has gone. */
async function moveByProgram(from: string, to: string): Promise<boolean> {
  try {
    const child = await startChild({
      program: "mv",
      args: ["-nT", "--", from, to],
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    });
    return succeeded(await child.ended) && (await statIfThere(from)) === null;
  } catch {
    return false; // no mv here: the caller renames
  }
}
