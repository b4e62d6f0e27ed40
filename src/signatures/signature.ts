/**
 * Signatures: Ed25519 in minisign's format, so that `minisign -V` checks them without us.
 *
 * Owns: the signing key's file, public keys, signing, checking. Refuses: to know what is signed, or what a missing
 * signature means. Words: signer (our secret key), key id (16 hex digits, as minisign prints it), trusted (a public
 * key whose signatures count: our own, and those that the config names).
 * May go to: platform, domain.
 */
import type { FailureCode } from "../domain/failure-table.ts";

/** What this room raises. @public */
export type SignatureFailureCode = Extract<FailureCode, `signatures.${string}`>;

export interface PublicKey {
  /** Upper-case hex, 16 digits, as minisign prints it. */
  readonly keyId: string;
  /** The base64 line of minisign's public key file: "RW…". */
  readonly text: string;
}

export interface Signer {
  readonly publicKey: PublicKey;
  /** The text of a .minisig file. The trusted comment is covered by the signature; one line. */
  sign(bytes: Uint8Array, trustedComment: string): string;
}

/** What a signature is worth. Only "good" was made by a key that counts, over exactly these bytes. */
export type SignatureVerdict =
  | { readonly kind: "good"; readonly keyId: string; readonly trustedComment: string }
  /** By a key that nobody here trusts: nothing was checked. */
  | { readonly kind: "foreign"; readonly keyId: string }
  /** By a trusted key, but over other bytes, or its comment was changed. */
  | { readonly kind: "bad"; readonly keyId: string }
  /** No minisign signature at all. */
  | { readonly kind: "malformed" };

export interface Signatures {
  /** Null while no key was generated. Throws "signatures.key" when its file is gone, cannot be read, or others may read it. */
  signer(): Promise<Signer | null>;
  /** The keys whose signatures count; empty: there are none. Throws "signatures.key". */
  trusted(): Promise<readonly PublicKey[]>;
  /** Throws "signatures.key". */
  check(bytes: Uint8Array, signatureText: string): Promise<SignatureVerdict>;
  /** Makes the key pair, never over one that is there ("usage.refused"). */
  generate(): Promise<PublicKey>;
  /**
   * Takes an exported secret key in again, as the pair that signs. Throws "usage.refused" when another one is here, and
   * "signatures.key" for a file that is none, is damaged, or that others may read.
   */
  putBack(path: string): Promise<PublicKey>;
  /** The secret key as a file of minisign's own (without a password), and the public one; for the safe. Throws "signatures.key". */
  exported(): Promise<{ readonly secretKeyText: string; readonly publicKeyText: string }>;
}
