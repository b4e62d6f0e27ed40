// The bytes of minisign's files (https://jedisct1.github.io/minisign/): two letters for the algorithm, eight bytes for
// the key's id, then keys or signatures of Ed25519, all of it base64 in the second line of a small text.

/** Of a key, whatever it signs with; of a signature, the old kind over the file itself. */
const plain = "Ed";
/** Of a signature: over the BLAKE2b-512 of the file. */
const prehashed = "ED";

export interface PublicKeyParts {
  /** As in the file: eight bytes, least significant first. */
  readonly idBytes: Buffer;
  /** 32 bytes. */
  readonly publicKey: Buffer;
}

export interface SecretKeyParts extends PublicKeyParts {
  /** The 32 bytes that everything else is made from. */
  readonly seed: Buffer;
}

export interface SignatureParts {
  readonly idBytes: Buffer;
  readonly isPrehashed: boolean;
  /** 64 bytes, of the file. */
  readonly signature: Buffer;
  readonly trustedComment: string;
  /** 64 bytes, of signature and trusted comment. */
  readonly globalSignature: Buffer;
}

/** Upper-case hex, 16 digits. */
export function formatKeyId(idBytes: Buffer): string {
  return Buffer.from(idBytes).reverse().toString("hex").toUpperCase();
}

/** The one line that `minisign -P` and the config take. */
export function formatPublicLine({ idBytes, publicKey }: PublicKeyParts): string {
  return Buffer.concat([Buffer.from(plain), idBytes, publicKey]).toString("base64");
}

/** Null for a text that is no such line. */
export function parsePublicLine(line: string): PublicKeyParts | null {
  const bytes = decodeBase64(line);
  if (bytes?.length !== 42 || bytes.toString("latin1", 0, 2) !== plain) return null;
  return { idBytes: bytes.subarray(2, 10), publicKey: bytes.subarray(10) };
}

/** What `minisign -p FILE` takes. */
export function formatPublicFile(parts: PublicKeyParts): string {
  return `untrusted comment: minisign public key ${formatKeyId(parts.idBytes)}\n${formatPublicLine(parts)}\n`;
}

/** The file, or its second line alone; null when it is neither. */
export function parsePublicFile(text: string): PublicKeyParts | null {
  const lines = linesOf(text);
  return parsePublicLine((lines.length === 1 ? lines[0] : lines[1]) ?? "");
}

const secretSizeBytes = 158;
const withoutPassword = Buffer.from([0, 0]);
const keysAt = 2 + 2 + 2 + 32 + 8 + 8;

/**
 * As `minisign -G -W` writes it: no password, so salt and limits are zero, and so is the checksum, which minisign makes
 * only to tell a wrong password.
 */
export function formatSecretFile({ idBytes, seed, publicKey }: SecretKeyParts): string {
  const bytes = Buffer.alloc(secretSizeBytes);
  bytes.write(plain, 0, "latin1");
  bytes.write("B2", 4, "latin1");
  Buffer.concat([idBytes, seed, publicKey]).copy(bytes, keysAt);
  const comment = `untrusted comment: codex-backup secret key ${formatKeyId(idBytes)}, without a password`;
  return `${comment}\n${bytes.toString("base64")}\n`;
}

/** What is wrong with the file, in words that follow a colon, or its parts. That the halves fit is not looked at. */
export function parseSecretFile(text: string): SecretKeyParts | string {
  const [comment = "", line = ""] = linesOf(text);
  if (!comment.startsWith("untrusted comment:")) return "it is no secret key of minisign";
  const bytes = decodeBase64(line);
  if (bytes === null || bytes.toString("latin1", 0, 2) !== plain) return "it is no secret key of minisign";
  if (bytes.length !== secretSizeBytes)
    return `it has ${bytes.length} bytes instead of ${secretSizeBytes}: it was cut or added to`;
  if (!bytes.subarray(2, 4).equals(withoutPassword)) return "it is protected by a password";
  const keys = bytes.subarray(keysAt);
  return { idBytes: keys.subarray(0, 8), seed: keys.subarray(8, 40), publicKey: keys.subarray(40, 72) };
}

/** The text of a .minisig file, prehashed. */
export function formatSignatureFile(parts: Omit<SignatureParts, "isPrehashed">): string {
  const { idBytes, signature, trustedComment, globalSignature } = parts;
  return [
    `untrusted comment: signature from codex-backup, key ${formatKeyId(idBytes)}`,
    Buffer.concat([Buffer.from(prehashed), idBytes, signature]).toString("base64"),
    `trusted comment: ${trustedComment}`,
    globalSignature.toString("base64"),
    "",
  ].join("\n");
}

/** Null for a text that is no signature. */
export function parseSignatureFile(text: string): SignatureParts | null {
  const [, line = "", comment = "", last = ""] = linesOf(text);
  const bytes = decodeBase64(line);
  const globalSignature = decodeBase64(last);
  const algorithm = bytes?.toString("latin1", 0, 2);
  if (bytes?.length !== 74 || globalSignature?.length !== 64) return null;
  if (algorithm !== plain && algorithm !== prehashed) return null;
  if (!comment.startsWith("trusted comment: ")) return null;
  return {
    idBytes: bytes.subarray(2, 10),
    isPrehashed: algorithm === prehashed,
    signature: bytes.subarray(10),
    trustedComment: comment.slice("trusted comment: ".length),
    globalSignature,
  };
}

function linesOf(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** Null for anything but base64 as minisign writes it: Node would skip what it does not know. */
function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, "base64");
  return bytes.length > 0 && bytes.toString("base64") === text ? bytes : null;
}
