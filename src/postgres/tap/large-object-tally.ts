import { createHash, type Hash } from "node:crypto";
import type { LargeObjectFingerprint } from "../../domain/backups/fingerprint.ts";
import { unreadable } from "./unreadable.ts";

interface OpenObject {
  readonly oid: string;
  readonly hash: Hash;
  sizeBytes: number;
}

/** Adds up large objects; pg_dump opens, writes and closes one after the other, also the empty ones. */
export class LargeObjectTally {
  readonly #done: LargeObjectFingerprint[] = [];
  #open: OpenObject | null = null;

  open(oid: string): void {
    this.#open = { oid, hash: createHash("sha256"), sizeBytes: 0 };
  }

  add(bytes: Buffer): void {
    if (this.#open === null) throw unreadable("data for a large object that was not opened");
    this.#open.hash.update(bytes);
    this.#open.sizeBytes += bytes.length;
  }

  close(): void {
    if (this.#open === null) return;
    const { oid, hash, sizeBytes } = this.#open;
    this.#open = null;
    this.#done.push({ oid, sizeBytes, sha256: hash.digest("hex") });
  }

  /** Closes what is still open. Sorted by number. */
  finish(): readonly LargeObjectFingerprint[] {
    this.close();
    return this.#done.toSorted((a, b) => Number(a.oid) - Number(b.oid)); // object ids are below 2^32
  }
}
