import { close, read } from "node:fs";
import { Readable } from "node:stream";

const blockBytes = 512 * 1024;
/** A block with less room than this is not read into any more: a pipe gives up to 64 KiB at a time. */
const leastRoomBytes = 64 * 1024;
/** What is gathered before it is passed on: programs write 4 KiB at a time, and each chunk costs a turn of everybody. */
const pieceBytes = 128 * 1024;

/**
 * The reading end of a pipe as a stream. Pieces are cut from large blocks, since a buffer for each of a hundred
 * thousand short reads keeps the collector of garbage busier than all else. Nothing is read before somebody asks, so
 * until then its `fd` can be handed to a child. Closes the descriptor when it ends or is destroyed.
 */
export function createPipeReader(fd: number): Readable & { readonly fd: number } {
  return new PipeReader(fd);
}

class PipeReader extends Readable {
  readonly fd: number;
  #block = Buffer.alloc(0);
  /** Of the block, what was read and not yet passed on: from, to. */
  #from = 0;
  #to = 0;
  #isReading = false;
  /** Set while a read is under way that the descriptor must outlive. */
  #afterRead: (() => void) | null = null;

  constructor(fd: number) {
    super({ highWaterMark: pieceBytes });
    this.fd = fd;
  }

  override _read(): void {
    if (this.#block.length - this.#to < leastRoomBytes) {
      this.#block = Buffer.allocUnsafeSlow(blockBytes);
      this.#from = 0;
      this.#to = 0;
    }
    this.#isReading = true;
    read(this.fd, this.#block, this.#to, this.#block.length - this.#to, null, (error, count) => {
      this.#isReading = false;
      if (this.#afterRead !== null) return this.#afterRead();
      if (error) return void this.destroy(error);
      this.#to += count;
      const isFull = this.#block.length - this.#to < leastRoomBytes;
      if (count > 0 && !isFull && this.#to - this.#from < pieceBytes) return this._read();
      this.#passOn(count === 0);
    });
  }

  #passOn(isEnd: boolean): void {
    const piece = this.#block.subarray(this.#from, this.#to);
    this.#from = this.#to;
    if (piece.length > 0) this.push(piece);
    if (isEnd) this.push(null);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const closeIt = () => close(this.fd, (closing) => done(error ?? closing));
    if (this.#isReading) this.#afterRead = closeIt;
    else closeIt();
  }
}
