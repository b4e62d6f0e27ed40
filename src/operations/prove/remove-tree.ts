import { chmod, lstat, readdir, rm } from "node:fs/promises";
import { errnoOf } from "../../domain/failure.ts";

/** Removes a tree also where its folders may not be entered or changed, as a capsule's may be. Nothing there: done. */
export async function removeTree(path: string): Promise<void> {
  try {
    await openFolders(Buffer.from(path));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw error;
  }
  await rm(path, { recursive: true, force: true });
}

/** By the names' own bytes: not every name is text. */
async function openFolders(path: Buffer): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return;
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { withFileTypes: true, encoding: "buffer" })) {
    if (entry.isDirectory()) await openFolders(Buffer.concat([path, Buffer.from("/"), entry.name]));
  }
}
