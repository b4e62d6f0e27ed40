/**
 * Encryption: the age format (https://age-encryption.org/v1), so that `age -d` decrypts without us.
 *
 * Owns: recipients, identities, the stream's format. Refuses: to know what is encrypted, or where a key is kept.
 * Words: recipient (a public key, "age1…"), identity (a secret key, "AGE-SECRET-KEY-1…"), decryptor (identities that
 * were opened), piece (64 KiB, encrypted and authenticated by itself). May go to: platform, domain.
 */
import type { Duplex, Readable } from "node:stream";
import type { FailureCode } from "../domain/failure-table.ts";
import type { Secret } from "../domain/secret.ts";

/** What this room raises. @public */
export type EncryptionFailureCode = Extract<FailureCode, `encryption.${string}`>;

export interface Encryption {
  /**
   * Encrypts in flight: plain bytes in, an age file out. Ends only after the last piece was written; without end()
   * the output is no whole age file. Each call has a key of its own. Throws "encryption.recipient" for a text that is
   * no recipient, or for none at all.
   */
  encryptor(recipients: readonly string[]): Promise<Duplex>;
  /** Identities of a file as `age-keygen` writes it. Throws "encryption.identity" (missing, none inside, others may read it). */
  openIdentities(path: string): Promise<Decryptor>;
  /** A new key pair; `text` is its file as `age-keygen` writes it. */
  generate(createdAt: string): Promise<{ readonly text: Secret; readonly recipient: string }>;
}

export interface Decryptor {
  /** The public halves of its identities. */
  readonly recipients: readonly string[];
  /**
   * The plain bytes of an age file; `name` is for messages. Throws "encryption.no-identity" when none of these opens
   * it, "encryption.damaged" when it is no age file; the stream fails with "encryption.damaged" for a piece that was
   * changed, or an end that is missing. `openedBy` is the recipient whose identity opened it. `stored` is ended in
   * each case.
   */
  open(stored: Readable, name: string): Promise<{ readonly stream: Readable; readonly openedBy: string }>;
}

/** Whether a file is an age file, by its first 16 bytes or more. */
export function isAgeFile(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, 16)).toString("latin1") === "age-encryption.o";
}
