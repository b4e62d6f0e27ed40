import { createHash, type Hash, hash as hashOnce } from "node:crypto";

const heldBytes = 16 * 1024;

/**
 * A sha256 that is taken again and again of something short. Short input is collected and hashed in one call, because
 * a hash object alone costs more than its bytes; longer input goes through one.
 */
export class ShortHash {
  readonly #held = Buffer.allocUnsafe(heldBytes);
  #length = 0;
  #long: Hash | null = null;

  update(bytes: Buffer): void {
    if (this.#long === null && this.#length + bytes.length <= heldBytes) {
      bytes.copy(this.#held, this.#length);
      this.#length += bytes.length;
      return;
    }
    this.#long ??= createHash("sha256").update(this.#held.subarray(0, this.#length));
    this.#long.update(bytes);
  }

  /** In hex; the next update begins anew. */
  digest(): string {
    const digest =
      this.#long?.digest("hex") ?? hashOnce("sha256", this.#held.subarray(0, this.#length), "hex");
    this.#long = null;
    this.#length = 0;
    return digest;
  }
}
