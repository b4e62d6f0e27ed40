import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { errnoOf } from "../domain/failure.ts";

/** The part of the language's WebAssembly that is used here; TypeScript declares it only for browsers. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
};

export interface BlockReaderOptions {
  /** Ask for bytes from the medium, past the page cache. */
  readonly direct: boolean;
  /** Turns a system error while reading into what the stream fails with. */
  readonly translate: (error: unknown) => Error;
}

export interface OpenedBlocks {
  readonly stream: Readable;
  /** True only when every byte of the stream is read with O_DIRECT in force. */
  readonly isDirect: boolean;
}

const blockBytes = 1024 * 1024;
/** Blocks asked for ahead of the consumer. Two keep the disk busy while one is being hashed. */
const readAhead = 2;

/**
 * Opens a file as a stream of 1 MiB chunks, each a buffer of its own, up to the size that it has now; a file
 * that turns out shorter fails the stream. Throws Node's error when it cannot
 * be opened. Where the file system refuses O_DIRECT (tmpfs, some overlays), or its first block, the file is
 * read plainly and `isDirect` is false.
 */
export async function openBlocks(path: string, options: BlockReaderOptions): Promise<OpenedBlocks> {
  const direct = options.direct ? await openDirect(path) : null;
  if (direct !== null) return { stream: streamOf(direct, options), isDirect: true };
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const { size } = await file.stat();
  return { stream: streamOf({ file, sizeBytes: size, buffers: null }, options), isDirect: false };
}

/** A part of a file, perhaps from the page cache: at most `length` bytes from `start` on, fewer where the file ends. */
export async function openRange(
  path: string,
  { start, length }: { readonly start: number; readonly length: number },
  translate: (error: unknown) => Error,
): Promise<Readable> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  return Readable.from(blocksOf(file, { start, length }, translate), { objectMode: false });
}

async function* blocksOf(
  file: FileHandle,
  { start, length }: { readonly start: number; readonly length: number },
  translate: (error: unknown) => Error,
): AsyncGenerator<Buffer> {
  try {
    for (let done = 0; done < length; ) {
      const wanted = Math.min(blockBytes, length - done);
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, start + done);
      if (bytesRead === 0) return;
      done += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw translate(error);
  } finally {
    await file.close();
  }
}

interface Source {
  readonly file: FileHandle;
  readonly sizeBytes: number;
  /** Aligned buffers to read through, for O_DIRECT; null: read into fresh ones. */
  readonly buffers: readonly Buffer[] | null;
}

/** Null when this file system does not do it. */
async function openDirect(path: string): Promise<Source | null> {
  let file: FileHandle | null = null;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_DIRECT);
    const buffers = Array.from({ length: readAhead }, alignedBuffer);
    const [first] = buffers;
    if (first) await file.read(first, 0, first.length, 0); // some file systems accept the flag and refuse the read
    const { size } = await file.stat();
    return { file, sizeBytes: size, buffers };
  } catch (error) {
    await file?.close();
    if (errnoOf(error) === "EINVAL" || errnoOf(error) === "ENOTSUP") return null;
    throw error;
  }
}

/**
 * O_DIRECT wants memory aligned to the device's block (512 here, 4096 elsewhere), and Node's own buffers
 * start 16 bytes into a page. WebAssembly memory always starts on a page.
 */
function alignedBuffer(): Buffer {
  return Buffer.from(new WebAssembly.Memory({ initial: blockBytes / 65536 }).buffer);
}

function streamOf(source: Source, options: BlockReaderOptions): Readable {
  const blocks = new BlockSource(source);
  return new Readable({
    highWaterMark: blockBytes,
    read() {
      blocks.next().then(
        (chunk) => this.push(chunk),
        (error) => this.destroy(options.translate(error)),
      );
    },
    destroy(error, done) {
      blocks.close().then(
        () => done(error),
        (closing) => done(error ?? closing),
      );
    },
  });
}

/** Reads a file from its start, some blocks ahead. */
class BlockSource {
  readonly #source: Source;
  readonly #ahead: Promise<Buffer>[] = [];
  readonly #count: number;
  #asked = 0;

  constructor(source: Source) {
    this.#source = source;
    this.#count = Math.ceil(source.sizeBytes / blockBytes);
  }

  /** The next chunk; null at the end. */
  async next(): Promise<Buffer | null> {
    while (this.#ahead.length < readAhead && this.#asked < this.#count) this.#ask();
    const chunk = await this.#ahead[0];
    if (chunk === undefined) return null;
    this.#ahead.shift();
    if (this.#asked < this.#count) this.#ask(); // into the buffer whose bytes have just been copied out
    return chunk;
  }

  #ask(): void {
    const reading = this.#readBlock(this.#asked++ * blockBytes);
    reading.catch(() => undefined); // seen by whoever takes this block
    this.#ahead.push(reading);
  }

  async #readBlock(position: number): Promise<Buffer> {
    const { buffers, sizeBytes } = this.#source;
    const wanted = Math.min(blockBytes, sizeBytes - position);
    if (buffers === null) return this.#fill(Buffer.allocUnsafeSlow(wanted), wanted, position);
    const through = buffers[(position / blockBytes) % buffers.length];
    if (through === undefined) throw new RangeError("no buffer to read through");
    return Buffer.from(await this.#fill(through, wanted, position));
  }

  /** Fills the first `wanted` bytes of the buffer. The kernel may give less at a time. */
  async #fill(target: Buffer, wanted: number, position: number): Promise<Buffer> {
    for (let done = 0; done < wanted; ) {
      const { bytesRead } = await this.#source.file.read(target, done, target.length - done, position + done);
      if (bytesRead === 0) {
        throw new Error(`it ends at byte ${position + done} of ${this.#source.sizeBytes}`);
      }
      done += bytesRead;
    }
    return target.subarray(0, wanted);
  }

  /** Waits for the reads under way, whose memory must not go before them. May be called twice. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#ahead);
    await this.#source.file.close();
  }
}
