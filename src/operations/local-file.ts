import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { OpenedFile } from "../destinations/destination.ts";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import type { Host } from "../platform/host.ts";

/** A stored file, wherever it is. */
export interface FilePlace {
  /** Null when it is not on this machine. */
  readonly localPath: string | null;
  readonly open: () => Promise<Pick<OpenedFile, "stream">>;
  /** Where a copy may lie while it is used. */
  readonly workPath: string;
  /** Of a copy that holds what is encrypted elsewhere: the next one removes what a dead process left of such, at once. */
  readonly host?: Pick<Host, "pid" | "bootId" | "isAlive">;
}

/**
 * Gives `use` a path that can be read at any place; a file from elsewhere is copied first and removed after. Throws
 * "platform.file" when the copy cannot be made, and what opening or reading throws.
 */
export async function withLocalFile<T>(place: FilePlace, use: (path: string) => Promise<T>): Promise<T> {
  if (place.localPath !== null) return use(place.localPath);
  const directory = await makeDirectory(place);
  try {
    const path = join(directory, "file");
    await fetch(place, path);
    return await use(path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function makeDirectory({ workPath, host }: FilePlace): Promise<string> {
  try {
    await mkdir(workPath, { recursive: true, mode: 0o700 });
    if (host === undefined) return await mkdtemp(join(workPath, "fetched-"));
    await removeDead(workPath, host);
    return await mkdtemp(join(workPath, `plain-${bootOf(host)}-${host.pid}-`));
  } catch (error) {
    throw cannotCopy(workPath, error);
  }
}

/** What processes left that were killed in the middle. */
async function removeDead(workPath: string, host: NonNullable<FilePlace["host"]>): Promise<void> {
  for (const name of await readdir(workPath)) {
    const [, boot, pid] = /^plain-(\w+)-(\d+)-/.exec(name) ?? [];
    if (boot === undefined || (boot === bootOf(host) && host.isAlive(Number(pid)))) continue;
    await rm(join(workPath, name), { recursive: true, force: true });
  }
}

/** A pid of an earlier boot says nothing. */
function bootOf({ bootId }: NonNullable<FilePlace["host"]>): string {
  return bootId.replace(/\W/g, "").slice(0, 12) || "unknown";
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
