import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import { openToOthers } from "../domain/private-mode.ts";
import { readPrivateFile } from "../platform/read-private-file.ts";
import { type OpenedIdentity, openIdentity } from "./age-header.ts";

/** Larger ones are surely something else: the backup itself, for one. */
const largestBytes = 1024 * 1024;

/** The identities of a file, at least one. Throws "encryption.identity"; no message has any of its text. */
export async function readIdentities(path: string): Promise<readonly OpenedIdentity[]> {
  const lines = (await readPrivately(path)).split(/\r?\n/).map((line) => line.trim());
  const wanted = lines.filter((line) => line !== "" && !line.startsWith("#"));
  const [first] = wanted;
  if (first === undefined) throw refused(path, "no key is in it", "Give the file that age-keygen wrote.");
  const other = otherKind(first);
  if (other !== null) throw refused(path, other.seen, other.hint);
  return Promise.all(wanted.map((line, index) => openLine(path, line, index)));
}

async function readPrivately(path: string): Promise<string> {
  try {
    const found = await readPrivateFile(path, { largestBytes, isPlainOnly: false });
    if (found === null)
      throw refused(path, "it is too large for a key", "Give the file that age-keygen wrote.");
    const open = openToOthers(path, found.mode);
    if (open !== null) throw refused(path, open.seen, open.hint);
    return found.text;
  } catch (error) {
    if (error instanceof Failure) throw error;
    const errno = errnoOf(error);
    throw refused(
      path,
      reasons[errno ?? ""] ?? errno ?? messageOf(error),
      "Name the file with the secret key.",
    );
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "this user may not read it",
  EISDIR: "it is a directory",
};

function otherKind(line: string): { readonly seen: string; readonly hint: string } | null {
  if (line.startsWith("age-encryption.org/") || line.startsWith("-----BEGIN AGE ENCRYPTED FILE")) {
    const hint = "Decrypt it first, into memory: age -d KEY.age > /dev/shm/key, and remove that afterwards.";
    return { seen: "the key is itself encrypted with a passphrase", hint };
  }
  if (line.includes("PRIVATE KEY-----")) {
    return { seen: "it is an SSH key", hint: "Give an identity of age (AGE-SECRET-KEY-1…)." };
  }
  if (line.startsWith("AGE-PLUGIN-")) {
    return {
      seen: "it needs a plugin of age",
      hint: "Decrypt with age itself, and restore the plain files.",
    };
  }
  if (line.startsWith("age1"))
    return { seen: "it is a public key", hint: "Give the secret one (AGE-SECRET-KEY-1…)." };
  return null;
}

async function openLine(path: string, line: string, index: number): Promise<OpenedIdentity> {
  try {
    if (line.startsWith("AGE-SECRET-KEY-1")) return await openIdentity(line);
  } catch {
    // The library's message may quote the key, so it is not told.
    throw refused(path, `key ${index + 1} in it was cut or mistyped`, "Give the file that age-keygen wrote.");
  }
  throw refused(
    path,
    `key ${index + 1} in it is none (AGE-SECRET-KEY-1…)`,
    "Give the file that age-keygen wrote.",
  );
}

function refused(path: string, seen: string, hint: string): Failure {
  return new Failure("encryption.identity", `Cannot use the identity file "${path}": ${seen}`, {
    hint,
    context: { path },
  });
}
