import { hkdfSync, randomBytes } from "node:crypto";
import {
  Decrypter,
  Encrypter,
  generateX25519Identity,
  identityToRecipient,
  type Stanza,
} from "age-encryption";
import { Failure } from "../domain/failure.ts";
import { Secret } from "../domain/secret.ts";

/** Bytes between the header and the first piece. */
export const payloadNonceBytes = 16;

export interface OpenedIdentity {
  readonly identity: Secret;
  readonly recipient: string;
}

/** What stands before the first piece of a new age file, and the key of its pieces. */
export async function makeHead(
  recipients: readonly string[],
): Promise<{ readonly head: Buffer; readonly key: Buffer }> {
  let fileKey: Uint8Array | null = null;
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  // A recipient that adds no line to the header, and learns the key of what follows: the pieces are made by pieces.ts.
  const listener = {
    wrapFileKey: (key: Uint8Array): Stanza[] => {
      fileKey = key.slice();
      return [];
    },
  };
  encrypter.addRecipient(listener);
  const empty = await encrypter.encrypt(new Uint8Array(0));
  if (fileKey === null) throw new Failure("run.internal", "Cannot encrypt: the library made no key");
  const header = empty.subarray(0, empty.length - payloadNonceBytes - 16); // the nonce and an empty piece follow it
  const nonce = randomBytes(payloadNonceBytes);
  return { head: Buffer.concat([header, nonce]), key: payloadKey(fileKey, nonce) };
}

/** Whose identity opens a header; null when none does. Throws whatever the library throws of one that is malformed or forged. */
export async function openHeader(
  header: Uint8Array,
  identities: readonly OpenedIdentity[],
): Promise<{ readonly fileKey: Uint8Array; readonly openedBy: string } | null> {
  for (const { identity, recipient } of identities) {
    let isForAnother = false;
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity.reveal());
    // Asked only when the one before it does not fit, so that "another's" is told from "broken" without reading messages.
    const listener = {
      unwrapFileKey: () => {
        isForAnother = true;
        return null;
      },
    };
    decrypter.addIdentity(listener);
    try {
      return { fileKey: await decrypter.decryptHeader(header), openedBy: recipient };
    } catch (error) {
      if (!isForAnother) throw error;
    }
  }
  return null;
}

/** The key of the pieces, by the file's key and the bytes behind its header. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", fileKey, nonce, "payload", 32));
}

/** A fresh X25519 pair, from the system's randomness; kept nowhere yet. */
export async function newIdentity(): Promise<OpenedIdentity> {
  return openIdentity(await generateX25519Identity());
}

/** Throws whatever the library throws of a text that is no identity. */
export async function openIdentity(identity: string): Promise<OpenedIdentity> {
  return { identity: new Secret(identity), recipient: await identityToRecipient(identity) };
}
