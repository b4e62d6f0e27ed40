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
 * A sink into an open file. Nothing is pushed to the medium before the end: while a dump streams, the page
 * cache takes it at memory speed, and the snapshot on the database is held for less time. It gathers while the previous block is being written, and finishes only after
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
    this.#writing = writeBlock(this.#file, block.pieces);
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

  async finish(): Promise<void> {
    if (this.#gatheredBytes > 0) await this.#startBlock();
    await this.#writing;
    await this.#file.sync();
  }

  /** Closing waits for what is under way, so that no late write hits a descriptor used anew. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#writing]);
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
