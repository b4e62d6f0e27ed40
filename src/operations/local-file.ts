import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { OpenedFile } from "../destinations/destination.ts";

/** A stored file, wherever it is. */
export interface FilePlace {
  /** Null when it is not on this machine. */
  readonly localPath: string | null;
  readonly open: () => Promise<OpenedFile>;
  /** Where a copy may lie while it is used. */
  readonly workPath: string;
}

/** Gives `use` a path that can be read at any place; a file from elsewhere is copied first and removed after. */
export async function withLocalFile<T>(place: FilePlace, use: (path: string) => Promise<T>): Promise<T> {
  if (place.localPath !== null) return use(place.localPath);
  const directory = await mkdtemp(join(place.workPath, "fetched-"));
  try {
    const path = join(directory, "file");
    await pipeline((await place.open()).stream, createWriteStream(path, { mode: 0o600 }));
    return await use(path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
