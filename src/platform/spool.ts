import { type FileHandle, open, rm } from "node:fs/promises";

/** A first-in first-out store of bytes in one file, for a reader that is slower than its writer. */
export interface Spool {
  /**
   * False, and nothing kept, when the file would exceed the limit. The limit is on the size of the file, which is what it
   * takes on the disk; a file cannot be cut at its head, so it is emptied whenever the reader has caught up.
   */
  append(chunk: Buffer, limitBytes: number): Promise<boolean>;
  /** The next bytes, at most `maxBytes`; null when everything appended so far was taken. */
  take(maxBytes: number): Promise<Buffer | null>;
  /** Bytes appended and not yet taken. */
  waitingBytes(): number;
  /** Removes the file. May be called twice. */
  close(): Promise<void>;
}

/** Creates `path` (mode 0600). */
export async function createSpool(path: string): Promise<Spool> {
  const file = await open(path, "wx+", 0o600);
  const inTurn = createTurns();
  let written = 0;
  let taken = 0;
  let closed = false;

  async function append(chunk: Buffer, limitBytes: number): Promise<boolean> {
    if (written > 0 && written === taken) {
      await file.truncate(0);
      written = 0;
      taken = 0;
    }
    if (written + chunk.length > limitBytes) return false;
    await writeAll(file, chunk, written);
    written += chunk.length;
    return true;
  }

  async function take(maxBytes: number): Promise<Buffer | null> {
    const length = Math.min(maxBytes, written - taken);
    if (length === 0) return null;
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, taken);
    taken += bytesRead;
    return buffer.subarray(0, bytesRead);
  }

  return {
    append: (chunk, limitBytes) => inTurn(() => append(chunk, limitBytes)),
    take: (maxBytes) => inTurn(() => take(maxBytes)),
    waitingBytes: () => written - taken,
    close: () =>
      inTurn(async () => {
        if (closed) return;
        closed = true;
        await file.close();
        await rm(path, { force: true });
      }),
  };
}

/** Runs asynchronous steps one after the other, in the order they were asked for. */
function createTurns(): <T>(step: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (step) => {
    const turn = last.then(step, step);
    last = turn;
    return turn;
  };
}

async function writeAll(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}
