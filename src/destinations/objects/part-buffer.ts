const firstBytes = 64 * 1024;

/**
 * Bytes of one part. It grows while it is small, so that a file of a few lines costs a few kilobytes, and can be
 * used again once its bytes have been sent.
 */
export class PartBuffer {
  readonly #limitBytes: number;
  #memory: Buffer;
  #length = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#memory = Buffer.allocUnsafeSlow(Math.min(firstBytes, limitBytes));
  }

  isFull(): boolean {
    return this.#length === this.#limitBytes;
  }

  /** How many bytes of the chunk's beginning found room. */
  take(chunk: Buffer): number {
    const taken = Math.min(chunk.length, this.#limitBytes - this.#length);
    this.#makeRoom(this.#length + taken);
    chunk.copy(this.#memory, this.#length, 0, taken);
    this.#length += taken;
    return taken;
  }

  /** What it holds, without a copy: unchanged until clear(). */
  bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  #makeRoom(neededBytes: number): void {
    if (neededBytes <= this.#memory.length) return;
    const doubled = Math.max(neededBytes, 2 * this.#memory.length);
    // One step from a quarter on: every doubling touches new memory.
    const enough = 4 * doubled >= this.#limitBytes ? this.#limitBytes : doubled;
    const larger = Buffer.allocUnsafeSlow(Math.min(enough, this.#limitBytes));
    this.#memory.copy(larger, 0, 0, this.#length);
    this.#memory = larger;
  }
}
