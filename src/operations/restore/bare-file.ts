import { type FileHandle, open, readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { errnoOf, Failure, messageOf } from "../../domain/failure.ts";

/** A file of this machine for one pass. Throws "platform.file". */
export async function openBare(path: string): Promise<Readable> {
  const handle = await opened(path);
  return handle.createReadStream({ highWaterMark: 1024 * 1024 });
}

/** A small file, whole. Throws "platform.file". */
export async function readBare(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw cannotRead(path, error);
  });
}

/** A small file, whole; null when there is none. Throws "platform.file". */
export async function readBareIfThere(path: string): Promise<Buffer | null> {
  return readFile(path).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return null;
    throw cannotRead(path, error);
  });
}

export interface BareHead {
  /** As many bytes as there are, up to 16. */
  readonly head: Buffer;
  readonly sizeBytes: number;
}

/** Throws "platform.file". */
export async function readHead(path: string): Promise<BareHead> {
  const handle = await opened(path);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    return { head: buffer.subarray(0, bytesRead), sizeBytes: size };
  } catch (error) {
    throw cannotRead(path, error);
  } finally {
    await handle.close();
  }
}

async function opened(path: string): Promise<FileHandle> {
  return open(path, "r").catch((error: unknown) => {
    throw cannotRead(path, error);
  });
}

/** "platform.file" with the errno; a Failure passes unchanged. */
export function cannotRead(path: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const errno = errnoOf(error);
  return new Failure("platform.file", `Cannot read "${path}": ${errno ?? messageOf(error)}`, {
    hint: "Look whether the file is there and may be read, or restore from another copy.",
    context: { path, errno },
    cause: error,
  });
}
