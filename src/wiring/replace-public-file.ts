import { chmod, open, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Failure, messageOf } from "../domain/failure.ts";
import { removeIfThere } from "../platform/files.ts";
import { randomToken } from "./random-token.ts";

/**
 * See Tool.replacePublicFile: 0644, by a hidden file beside it and a rename. Not synced: what it says is made anew
 * every few minutes. An old file that could not be replaced would go on saying what is no longer so.
 */
export async function replacePublicFile(path: string, text: string): Promise<void> {
  const scratch = join(dirname(path), `.${basename(path)}.${randomToken(8)}`);
  try {
    const file = await open(scratch, "wx", 0o644);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    await chmod(scratch, 0o644);
    await rename(scratch, path);
  } catch (error) {
    for (const left of [scratch, path]) await removeIfThere(left).catch(() => false); // the first error is the one to tell
    throw new Failure("platform.file", `Cannot write "${path}": ${messageOf(error)}`, {
      hint: "Name a file in a directory that this user may write.",
      cause: error,
    });
  }
}
