import { constants } from "node:fs";
import { open } from "node:fs/promises";

export interface PrivateFileWish {
  /** Larger ones are surely something else. */
  readonly largestBytes: number;
  /** True: nothing but a plain file under this very name. False: also what a link leads to, or a pipe. */
  readonly isPlainOnly: boolean;
}

export interface PrivateFile {
  readonly text: string;
  /** Null: it is a pipe or the like, which lies nowhere that others could read it. */
  readonly mode: number | null;
}

/**
 * A file with a secret key, opened once and judged by that: what was looked at is what is read. Null: it is no file, or too
 * large. Throws Node's errors.
 */
export async function readPrivateFile(path: string, wish: PrivateFileWish): Promise<PrivateFile | null> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
  const file = await open(path, O_RDONLY | O_NOCTTY | (wish.isPlainOnly ? O_NOFOLLOW | O_NONBLOCK : 0));
  try {
    const facts = await file.stat();
    if (facts.isFile() ? facts.size > wish.largestBytes : wish.isPlainOnly) return null;
    return { text: await file.readFile("utf8"), mode: facts.isFile() ? facts.mode : null };
  } finally {
    await file.close();
  }
}
