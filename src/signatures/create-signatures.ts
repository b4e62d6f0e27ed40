import { Failure } from "../domain/failure.ts";
import { type RandomSource, systemRandom } from "../platform/run-id.ts";
import { isSignedBy, newKeyPair, signParts } from "./ed25519.ts";
import {
  isSamePublic,
  keyPaths,
  putKeyBack,
  readPublicKey,
  readSecretKey,
  writeKeyPair,
} from "./key-files.ts";
import {
  formatKeyId,
  formatPublicFile,
  formatPublicLine,
  formatSecretFile,
  formatSignatureFile,
  type PublicKeyParts,
  parsePublicLine,
  parseSignatureFile,
  type SecretKeyParts,
} from "./minisign-format.ts";
import type { PublicKey, Signatures, SignatureVerdict, Signer } from "./signature.ts";

export interface SignatureDeps {
  /** Directory of the key's files; it need not be there. */
  readonly directory: string;
  /** Public keys that count beside our own: base64 lines of minisign's. */
  readonly trusted: readonly string[];
  /** For the ids of new keys. */
  readonly random?: RandomSource;
}

/** The real thing. Reads nothing until it is asked, and then each time anew: a key may come and go while we serve. */
export function createSignatures({ directory, trusted, random = systemRandom }: SignatureDeps): Signatures {
  const trustedParts = () => readTrusted(directory, trusted);
  return {
    async signer() {
      const key = await readSecretKey(directory);
      return key && signerWith(key);
    },
    trusted: async () => (await trustedParts()).map(publicKeyFrom),
    check: async (bytes, signatureText) => judge(await trustedParts(), bytes, signatureText),
    async generate() {
      const key = { ...newKeyPair(), idBytes: Buffer.from(random(8)) };
      await writeKeyPair(directory, key);
      return publicKeyFrom(key);
    },
    putBack: async (path) => publicKeyFrom(await putKeyBack(directory, path)),
    async exported() {
      const key = await readSecretKey(directory);
      if (key === null) throw noKey(directory);
      return { secretKeyText: formatSecretFile(key), publicKeyText: formatPublicFile(key) };
    },
  };
}

function signerWith(key: SecretKeyParts): Signer {
  return {
    publicKey: publicKeyFrom(key),
    sign(bytes, trustedComment) {
      // One line: a comment with another one in it could be taken for the global signature.
      const comment = trustedComment.replace(/[\r\n\0]/g, " ");
      return formatSignatureFile(signParts(key, bytes, comment));
    },
  };
}

function publicKeyFrom(parts: PublicKeyParts): PublicKey {
  return { keyId: formatKeyId(parts.idBytes), text: formatPublicLine(parts) };
}

/** Our own first. The public file is enough: whoever only checks need not be able to read the secret. */
async function readTrusted(
  directory: string,
  trusted: readonly string[],
): Promise<readonly PublicKeyParts[]> {
  const own = (await readPublicKey(directory)) ?? (await readSecretKey(directory));
  const others = trusted.map(parseTrusted);
  return own === null ? others : [own, ...others.filter((other) => !isSamePublic(own, other))];
}

function parseTrusted(line: string): PublicKeyParts {
  const parts = parsePublicLine(line.trim());
  if (parts !== null) return parts;
  throw new Failure("signatures.key", `Cannot trust "${line}": it is no public key of minisign`, {
    hint: 'Write the second line of its .pub file under signing.trusted: it begins with "RW".',
  });
}

function judge(keys: readonly PublicKeyParts[], bytes: Uint8Array, signatureText: string): SignatureVerdict {
  const parts = parseSignatureFile(signatureText);
  if (parts === null) return { kind: "malformed" };
  const keyId = formatKeyId(parts.idBytes);
  const named = keys.filter((key) => key.idBytes.equals(parts.idBytes));
  if (named.length === 0) return { kind: "foreign", keyId };
  if (!named.some((key) => isSignedBy(key.publicKey, bytes, parts))) return { kind: "bad", keyId };
  return { kind: "good", keyId, trustedComment: parts.trustedComment };
}

function noKey(directory: string): Failure {
  const { secret } = keyPaths(directory);
  return new Failure("signatures.key", `Cannot export the signing key: there is no "${secret}"`, {
    hint: "Make one with codex-backup keys generate.",
  });
}
