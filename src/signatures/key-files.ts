import { link, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import { openToOthers } from "../domain/private-mode.ts";
import {
  type FileRights,
  makeDirectories,
  removeIfThere,
  replaceFile,
  statIfThere,
  syncDirectory,
  writeNewFile,
} from "../platform/files.ts";
import { ownerOfState } from "../platform/owner-of-state.ts";
import { readPrivateFile } from "../platform/read-private-file.ts";
import { publicKeyOf } from "./ed25519.ts";
import {
  formatKeyId,
  formatPublicFile,
  formatSecretFile,
  type PublicKeyParts,
  parsePublicFile,
  parseSecretFile,
  type SecretKeyParts,
} from "./minisign-format.ts";

/** Where the pair lies, in the directory of keys. */
export function keyPaths(directory: string): { readonly secret: string; readonly publicPath: string } {
  return { secret: join(directory, "signing.key"), publicPath: join(directory, "signing.pub") };
}

/**
 * Null when there is none. Throws "signatures.key" for one that cannot be read, that others may read, that is damaged, or that
 * is gone from beside its public half: whoever takes it away must not be able to end the signing in silence.
 */
export async function readSecretKey(directory: string): Promise<SecretKeyParts | null> {
  const { secret: path } = keyPaths(directory);
  const beside = await readPublicKey(directory); // before the secret one, which is made first: a new pair is never half there
  const text = await readPrivately(path, { isPlainOnly: true, hint: ownHint });
  if (text === null) {
    if (beside === null) return null;
    throw unusable(path, 'it is gone, though "signing.pub" beside it says that there was one');
  }
  const parts = partsOf(path, text, ownHint);
  if (beside !== null && !isSamePublic(beside, parts))
    throw unusable(path, 'it is not the key of "signing.pub" beside it');
  return parts;
}

function partsOf(path: string, text: string, hint: string): SecretKeyParts {
  const parts = parseSecretFile(text);
  if (typeof parts === "string") throw unusable(path, parts, { hint });
  if (publicKeyOf(parts.seed).equals(parts.publicKey)) return parts;
  throw unusable(path, "its secret and its public half do not belong together: it is damaged", { hint });
}

/** Of signing.pub; null when there is none. Throws "signatures.key". */
export async function readPublicKey(directory: string): Promise<PublicKeyParts | null> {
  const { publicPath: path } = keyPaths(directory);
  try {
    const parts = parsePublicFile(await readFile(path, "utf8"));
    if (parts === null) throw unusable(path, "it is no public key of minisign");
    return parts;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    if (error instanceof Failure) throw error;
    throw unusable(path, messageOf(error), { cause: error });
  }
}

/** Key and id: the same key under another id signs what nobody can check. */
export function isSamePublic(a: PublicKeyParts, b: PublicKeyParts): boolean {
  return a.idBytes.equals(b.idBytes) && a.publicKey.equals(b.publicKey);
}

interface ReadWish {
  readonly isPlainOnly: boolean;
  readonly hint: string;
}

async function readPrivately(path: string, { isPlainOnly, hint }: ReadWish): Promise<string | null> {
  try {
    const found = await readPrivateFile(path, { largestBytes: 4096, isPlainOnly });
    if (found === null) throw unusable(path, "it is no secret key of minisign", { hint });
    const open = openToOthers(path, found.mode);
    if (open === null) return found.text;
    throw new Failure("signatures.key", `Cannot use "${path}": ${open.seen}`, { hint: open.hint });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    if (error instanceof Failure) throw error;
    throw unusable(path, messageOf(error), { hint, cause: error });
  }
}

/**
 * Makes both files, the secret one under its name only when it is whole, and never over another ("usage.refused").
 * They belong to the owner of the state, also when root makes them: whoever runs the jobs must be able to read them.
 */
export async function writeKeyPair(directory: string, parts: SecretKeyParts): Promise<void> {
  const { secret, publicPath } = keyPaths(directory);
  for (const path of [secret, publicPath]) if ((await statIfThere(path)) !== null) throw isThere(path);
  await layPair(directory, parts);
}

/** See Signatures.putBack. A key that is here already stays as it is. */
export async function putKeyBack(directory: string, path: string): Promise<SecretKeyParts> {
  const hint = importHint;
  const text = await readPrivately(path, { isPlainOnly: false, hint });
  if (text === null) throw unusable(path, "there is no such file", { hint });
  if (/^AGE-SECRET-KEY-1/m.test(text))
    throw unusable(path, "it is a key for decryption, which signs nothing", {
      hint: "Use it with --identity, and import the file that codex-backup keys export wrote.",
    });
  const parts = partsOf(path, text, hint);
  const { secret, publicPath } = keyPaths(directory);
  const beside = await readPublicKey(directory);
  if (beside !== null && !isSamePublic(beside, parts)) throw isAnother(path, publicPath);
  if ((await statIfThere(secret)) === null) {
    await layPair(directory, parts);
    return parts;
  }
  const here = await readSecretKey(directory);
  if (here === null || !isSamePublic(here, parts)) throw isAnother(path, secret);
  return parts;
}

async function layPair(directory: string, parts: SecretKeyParts): Promise<void> {
  const { secret, publicPath } = keyPaths(directory);
  try {
    const owner = await ownerOfState(directory);
    await makeDirectories(directory, { mode: 0o700, owner });
    const ending = `.${formatKeyId(parts.idBytes)}.new`; // two that try at once do not share a file
    const rights = { mode: 0o600, owner, scratch: `${secret}${ending}` };
    await linkNewFile(secret, formatSecretFile(parts), rights);
    await replaceFile(publicPath, Buffer.from(formatPublicFile(parts)), {
      mode: 0o644,
      owner,
      scratch: `${publicPath}${ending}`,
    });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("signatures.key", `Cannot write "${secret}": ${messageOf(error)}`, {
      hint: "Make the state directory writable for this user, or run it as the user who owns it.",
      cause: error,
    });
  }
}

async function linkNewFile(
  path: string,
  text: string,
  { scratch, ...rights }: FileRights & { readonly scratch: string },
): Promise<void> {
  await removeIfThere(scratch);
  await writeNewFile(scratch, Buffer.from(text), rights);
  try {
    await link(scratch, path); // unlike rename, it never replaces what another process has just made
  } catch (error) {
    throw errnoOf(error) === "EEXIST" ? isThere(path) : error;
  } finally {
    await removeIfThere(scratch);
  }
  await syncDirectory(dirname(path));
}

function isAnother(path: string, here: string): Failure {
  return new Failure("usage.refused", `Cannot import "${path}": "${here}" is of another key`, {
    hint: "Keep that one, or move signing.key and signing.pub away first and name the other public key under signing.trusted.",
  });
}

function isThere(path: string): Failure {
  return new Failure("usage.refused", `Cannot make a signing key: "${path}" is there already`, {
    hint: "Keep it. To change the key, name the old public key under signing.trusted in the config, and move both files away first.",
  });
}

/** Of the key that signs here. */
const ownHint =
  "Put the exported key back in its place, or move the files away and run codex-backup keys generate.";

const importHint = "Name the file that codex-backup keys export wrote.";

function unusable(
  path: string,
  seen: string,
  { hint = ownHint, cause }: { readonly hint?: string; readonly cause?: unknown } = {},
): Failure {
  return new Failure("signatures.key", `Cannot use "${path}": ${seen}`, {
    hint,
    ...(cause !== undefined && { cause }),
  });
}
