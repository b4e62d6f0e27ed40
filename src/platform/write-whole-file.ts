import { basename, dirname, join } from "node:path";
import { createExclusively, removeIfThere, syncDirectory } from "./files.ts";
import { moveIfFree } from "./move-if-free.ts";

/**
 * Writes a file, 0600, that has its name only when every byte of it is down: hidden beside it, synced, and moved to the
 * name if that is free. False when it is taken. Whatever goes wrong leaves nothing. `token` makes the hidden name
 * nobody else's. Where a disk has no modes, it is written all the same. Throws Node's errors.
 */
export async function writeWholeFile(path: string, text: string, token: string): Promise<boolean> {
  const scratch = join(dirname(path), `.${basename(path)}.${token}`);
  const file = await createExclusively(scratch);
  try {
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    if (!(await moveIfFree(scratch, path))) return false;
    await syncDirectory(dirname(path));
    return true;
  } finally {
    await removeIfThere(scratch).catch(() => false); // gone already when all went well; the first error is the one to tell
  }
}
