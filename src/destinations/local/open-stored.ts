import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, Failure } from "../../domain/failure.ts";
import { openBlocks, openRange } from "../../platform/block-reader.ts";
import { readToEnd } from "../../platform/read-to-end.ts";
import type { OpenedFile, OpenOptions, StoredFile } from "../destination.ts";
import { translateError } from "./translate.ts";

/** Throws "destination.not-found". "direct" is said only when the kernel took O_DIRECT for this file. */
export async function openStored(
  directory: string,
  name: string,
  { direct = false, range }: OpenOptions = {},
): Promise<OpenedFile> {
  const path = join(directory, name);
  const translate = (error: unknown) => translateError(error, { verb: "read", path, directory });
  if ((await statStored(directory, name)) === null) throw notFound(path);
  try {
    if (range !== undefined) return { stream: await openRange(path, range, translate), source: "cached" };
    const { stream, isDirect } = await openBlocks(path, { direct, translate });
    return { stream, source: isDirect ? "direct" : "cached" };
  } catch (error) {
    throw errnoOf(error) === "ENOENT" ? notFound(path) : translate(error);
  }
}

/** Throws "destination.not-found", and "destination.io" for a file above the limit. */
export async function readStored(directory: string, name: string, limitBytes: number): Promise<Buffer> {
  const found = await statStored(directory, name);
  const path = join(directory, name);
  if (found === null) throw notFound(path);
  if (found.sizeBytes > limitBytes) {
    throw new Failure(
      "destination.io",
      `Cannot read "${path}" at once: it has ${found.sizeBytes} bytes, the limit is ${limitBytes}`,
      {
        hint: "See what wrote that file; it should be small.",
      },
    );
  }
  return readToEnd((await openStored(directory, name)).stream);
}

/** Regular files only: a link or a folder under a backup's name is nothing that we stored. Null when there is none. */
export async function statStored(directory: string, name: string): Promise<StoredFile | null> {
  const path = join(directory, name);
  try {
    const found = await lstat(path);
    return found.isFile() ? { name, sizeBytes: found.size, modifiedMs: found.mtimeMs } : null;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw translateError(error, { verb: "look at", path, directory });
  }
}

function notFound(path: string): Failure {
  return new Failure("destination.not-found", `Cannot open "${path}": there is no such file`, {
    hint: "Compare the folder with: codex-backup list.",
  });
}
