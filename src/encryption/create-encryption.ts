import type { Encryption } from "./encryption.ts";

/** The real thing. */
export function createEncryption(): Encryption {
  const unavailable = () => Promise.reject(new Error("not yet"));
  return { encryptor: unavailable, openIdentities: unavailable, generate: unavailable };
}
