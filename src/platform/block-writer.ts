import type { FileHandle } from "node:fs/promises";
import { Writable } from "node:stream";
import { asFailure } from "../domain/failure.ts";

export interface BlockWriterOptions {
  /** Closed by the writer, however it ends. */
  readonly file: FileHandle;
  /** Turns a system error into what the stream fails with. */
  readonly translate: (error: unknown) => Promise<Error>;
}

/** Small chunks are gathered up to this size before the kernel is called. */
const blockBytes = 1024 * 1024;
/** Chunks on average smaller than this are copied together: long lists of pieces cost more than the copy. */
const smallPieceBytes = 4096;
/**
 * After so many bytes they are pushed to the medium in the background, so that the fsync at the end has
 * little left: 864 MB at 220 MB/s took 4.0 s in all against 4.7 without.
 */
const syncEveryBytes = 64 * 1024 * 1024;

/**
 * A sink into an open file. It gathers while the previous block is being written, and finishes only after
 * fsync. Chunks belong to the writer once they are written to it: do not change them afterwards.
 */
export function createBlockWriter(options: BlockWriterOptions): Writable {
  const blocks = new BlockQueue(options.file);
  const fail = (done: (error: Error) => void) => async (error: unknown) =>
    done(await translated(options, error));
  return new Writable({
    highWaterMark: 2 * blockBytes,
    write(chunk: Buffer, _encoding, done) {
      blocks.add(chunk).then(() => done(), fail(done));
    },
    writev(chunks, done) {
      blocks.addAll(chunks.map((entry) => entry.chunk)).then(() => done(), fail(done));
    },
    final(done) {
      blocks.finish().then(() => done(), fail(done));
    },
    destroy(error, done) {
      blocks.close().then(
        () => done(error),
        (closing) => done(error ?? closing),
      );
    },
  });
}

async function translated(options: BlockWriterOptions, error: unknown): Promise<Error> {
  try {
    return await options.translate(error);
  } catch (second) {
    return asFailure(second, "platform.file", "Cannot write a file");
  }
}

/** Gathers chunks into blocks, one of which is on its way at any time. */
class BlockQueue {
  readonly #file: FileHandle;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #syncing: Promise<void> = Promise.resolve();
  #isSyncing = false;
  #unsyncedBytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async addAll(chunks: readonly Buffer[]): Promise<void> {
    for (const chunk of chunks) {
      this.#gathered.push(chunk);
      this.#gatheredBytes += chunk.length;
    }
    if (this.#gatheredBytes >= blockBytes) await this.#startBlock();
  }

  add(chunk: Buffer): Promise<void> {
    return this.addAll([chunk]);
  }

  /** Waits for the block before, then starts this one and lets it go on by itself. */
  async #startBlock(): Promise<void> {
    await this.#writing;
    const block = this.#takeBlock();
    this.#writing = writeBlock(this.#file, block.pieces).then(() => this.#noteWritten(block.sizeBytes));
    this.#writing.catch(() => undefined); // it is awaited by the next block or by finish()
  }

  #takeBlock(): { readonly pieces: readonly Buffer[]; readonly sizeBytes: number } {
    const pieces = this.#gathered;
    const sizeBytes = this.#gatheredBytes;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    return {
      pieces: sizeBytes < pieces.length * smallPieceBytes ? [Buffer.concat(pieces)] : pieces,
      sizeBytes,
    };
  }

  #noteWritten(sizeBytes: number): void {
    this.#unsyncedBytes += sizeBytes;
    if (this.#isSyncing || this.#unsyncedBytes < syncEveryBytes) return;
    this.#unsyncedBytes = 0;
    this.#isSyncing = true;
    // The chain keeps a failed sync: the kernel reports a lost write once, and it must not be forgotten.
    this.#syncing = this.#syncing
      .then(() => this.#file.datasync())
      .finally(() => {
        this.#isSyncing = false;
      });
    this.#syncing.catch(() => undefined); // finish() awaits it
  }

  async finish(): Promise<void> {
    if (this.#gatheredBytes > 0) await this.#startBlock();
    await this.#writing;
    await this.#syncing;
    await this.#file.sync();
  }

  /** Closing waits for what is under way, so that no late write hits a descriptor used anew. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#writing, this.#syncing]);
    await this.#file.close();
  }
}

async function writeBlock(file: FileHandle, pieces: readonly Buffer[]): Promise<void> {
  let rest = pieces.filter((piece) => piece.length > 0);
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest);
    rest = without(rest, bytesWritten);
  }
}

/** What is left of the pieces after the kernel took so many bytes. */
function without(pieces: readonly Buffer[], taken: number): Buffer[] {
  let left = taken;
  const rest: Buffer[] = [];
  for (const piece of pieces) {
    if (left < piece.length) rest.push(piece.subarray(left));
    left = Math.max(0, left - piece.length);
  }
  return rest;
}
