import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { RandomAccessReader } from "yauzl";

const windowBytes = 512 * 1024;

/**
 * What yauzl reads through. It asks for headers of a few dozen bytes, tens of thousands of times, mostly in order:
 * they come out of one window of the file, answered at once where it holds them.
 */
export class ZipWindow extends RandomAccessReader {
  readonly #handle: FileHandle;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;

  constructor(handle: FileHandle) {
    super();
    this.#handle = handle;
  }

  override read(into: Buffer, offset: number, length: number, ...rest: [number, ReadCallback]): void {
    const [position, callback] = rest;
    const answer = () => this.#copy(into, { offset, length, position });
    if (answer()) {
      callback(null);
    } else {
      const cut = new Error("unexpected end of the file");
      this.#load(position, length).then(() => callback(answer() ? null : cut), callback);
    }
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(readRange(this.#handle, start, end));
  }

  #copy(
    into: Buffer,
    at: { readonly offset: number; readonly length: number; readonly position: number },
  ): boolean {
    const from = at.position - this.#windowStart;
    if (from < 0 || from + at.length > this.#window.length) return false;
    this.#window.copy(into, at.offset, from, from + at.length);
    return true;
  }

  async #load(position: number, length: number): Promise<void> {
    const window = Buffer.allocUnsafe(Math.max(windowBytes, length));
    const { bytesRead } = await this.#handle.read(window, 0, window.length, position);
    this.#window = window.subarray(0, bytesRead);
    this.#windowStart = position;
  }
}

type ReadCallback = (error: Error | null) => void;

/** The bytes from `start` to before `end`; fewer when the file is shorter. */
export async function* readRange(handle: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; ) {
    const piece = Buffer.allocUnsafeSlow(Math.min(windowBytes, end - at));
    const { bytesRead } = await handle.read(piece, 0, piece.length, at);
    if (bytesRead === 0) return;
    yield piece.subarray(0, bytesRead);
    at += bytesRead;
  }
}
