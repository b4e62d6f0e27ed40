import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { OpenedFile } from "../destinations/destination.ts";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";

/** A stored file, wherever it is. */
export interface FilePlace {
  /** Null when it is not on this machine. */
  readonly localPath: string | null;
  readonly open: () => Promise<Pick<OpenedFile, "stream">>;
  /** Where a copy may lie while it is used. */
  readonly workPath: string;
}

/**
 * Gives `use` a path that can be read at any place; a file from elsewhere is copied first and removed after. Throws
 * "platform.file" when the copy cannot be made, and what opening or reading throws.
 */
export async function withLocalFile<T>(place: FilePlace, use: (path: string) => Promise<T>): Promise<T> {
  if (place.localPath !== null) return use(place.localPath);
  const directory = await makeDirectory(place.workPath);
  try {
    const path = join(directory, "file");
    await fetch(place, path);
    return await use(path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function makeDirectory(workPath: string): Promise<string> {
  try {
    await mkdir(workPath, { recursive: true, mode: 0o700 });
    return await mkdtemp(join(workPath, "fetched-"));
  } catch (error) {
    throw cannotCopy(workPath, error);
  }
}

async function fetch(place: FilePlace, path: string): Promise<void> {
  const { stream } = await place.open();
  try {
    await pipeline(stream, createWriteStream(path, { mode: 0o600 }));
  } catch (error) {
    throw cannotCopy(path, error);
  }
}

function cannotCopy(path: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const errno = errnoOf(error);
  return new Failure("platform.file", `Cannot copy to "${path}": ${errno ?? messageOf(error)}`, {
    hint: "Check free space and rights of the state directory.",
    context: { path, errno },
    cause: error,
  });
}
