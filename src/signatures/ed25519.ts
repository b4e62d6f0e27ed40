import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import type { SecretKeyParts, SignatureParts } from "./minisign-format.ts";

/** A new pair; the id is the caller's. */
export function newKeyPair(): Pick<SecretKeyParts, "seed" | "publicKey"> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d = "", x = "" } = privateKey.export({ format: "jwk" });
  return { seed: Buffer.from(d, "base64url"), publicKey: Buffer.from(x, "base64url") };
}

/** The public half that belongs to a seed. */
export function publicKeyOf(seed: Buffer): Buffer {
  const { x = "" } = createPublicKey(privateKeyOf(seed)).export({ format: "jwk" });
  return Buffer.from(x, "base64url");
}

/** Signs bytes, by their BLAKE2b-512, and the comment with them. */
export function signParts(
  key: SecretKeyParts,
  bytes: Uint8Array,
  trustedComment: string,
): Omit<SignatureParts, "isPrehashed"> {
  const privateKey = privateKeyOf(key.seed);
  const signature = sign(null, hashOf(bytes), privateKey);
  const globalSignature = sign(null, signedComment(signature, trustedComment), privateKey);
  return { idBytes: key.idBytes, signature, trustedComment, globalSignature };
}

/** Whether both signatures were made by this key over these bytes. */
export function isSignedBy(publicKey: Buffer, bytes: Uint8Array, parts: SignatureParts): boolean {
  const key = publicKeyObject(publicKey);
  const { isPrehashed, signature, trustedComment, globalSignature } = parts;
  const isOfBytes = verify(null, isPrehashed ? hashOf(bytes) : bytes, key, signature);
  return isOfBytes && verify(null, signedComment(signature, trustedComment), key, globalSignature);
}

function signedComment(signature: Buffer, trustedComment: string): Buffer {
  return Buffer.concat([signature, Buffer.from(trustedComment)]);
}

function hashOf(bytes: Uint8Array): Buffer {
  return createHash("blake2b512").update(bytes).digest();
}

/** What stands before the seed in PKCS #8, as RFC 8410 has it. */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");

function privateKeyOf(seed: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: "der", type: "pkcs8" });
}

function publicKeyObject(publicKey: Buffer): KeyObject {
  const jwk = { kty: "OKP", crv: "Ed25519", x: publicKey.toString("base64url") };
  return createPublicKey({ key: jwk, format: "jwk" });
}
