import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { RandomAccessReader } from "yauzl";

const windowBytes = 256 * 1024;

/**
 * What yauzl reads through. It asks for headers of a few dozen bytes, tens of thousands of times, in order, by turns in
 * the central directory and among the entries: two windows of the file answer nearly all at once. One question at a time.
 */
export class ZipWindow extends RandomAccessReader {
  readonly #handle: FileHandle;
  /** The one used last comes first. */
  #windows: readonly Window[] = [emptyWindow(), emptyWindow()];

  constructor(handle: FileHandle) {
    super();
    this.#handle = handle;
  }

  override read(...[into, offset, length, position, callback]: Parameters<RandomAccessReader["read"]>): void {
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
    const end = at.position + at.length;
    const window = this.#windows.find(({ start, bytes }) => at.position >= start && end <= start + bytes);
    if (window === undefined) return false;
    window.memory.copy(into, at.offset, at.position - window.start, end - window.start);
    this.#windows = [window, ...this.#windows.filter((other) => other !== window)];
    return true;
  }

  async #load(position: number, length: number): Promise<void> {
    const [kept, old] = this.#windows;
    if (kept === undefined || old === undefined) return;
    const memory = length > old.memory.length ? Buffer.allocUnsafeSlow(length) : old.memory;
    const { bytesRead } = await this.#handle.read(memory, 0, memory.length, position);
    this.#windows = [{ memory, start: position, bytes: bytesRead }, kept];
  }
}

interface Window {
  readonly memory: Buffer;
  readonly start: number;
  readonly bytes: number;
}

function emptyWindow(): Window {
  return { memory: Buffer.allocUnsafeSlow(windowBytes), start: 0, bytes: 0 };
}

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
