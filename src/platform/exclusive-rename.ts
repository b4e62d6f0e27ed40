import { rename } from "node:fs/promises";
import { startChild, succeeded } from "./child.ts";
import { statIfThere } from "./files.ts";

/**
 * Moves a file to a name in the same directory only if that name is free; false when it is taken. For file
 * systems without hard links. Node has no renameat2(RENAME_NOREPLACE), but `mv -nT` asks the kernel for exactly
 * that, so nothing can slip in between; where the kernel cannot do it there either (some FUSE), or there
 * is no such mv, a moment remains between looking and renaming. Throws Node's error of rename.
 */
export async function renameIfFree(from: string, to: string): Promise<boolean> {
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
