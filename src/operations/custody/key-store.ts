import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Custody, formatCustody, parseCustody } from "../../domain/encryption/custody.ts";
import { errnoOf, Failure, messageOf } from "../../domain/failure.ts";
import type { Secret } from "../../domain/secret.ts";
import {
  type FileRights,
  makeDirectories,
  removeIfThere,
  replaceFile,
  syncDirectory,
} from "../../platform/files.ts";
import { ownerOfState } from "../../platform/owner-of-state.ts";
import type { Context } from "../context.ts";

type Place = Pick<Context, "statePath">;

/** Also when root makes them: whoever runs the jobs must be able to read them. */
async function privately(place: Place): Promise<FileRights> {
  return { mode: 0o600, owner: await ownerOfState(keysPath(place)) };
}

/** Where keys and what is known of them lie. */
export function keysPath({ statePath }: Place): string {
  return join(statePath, "keys");
}

/** Of the secret key of a recipient, while it is on this machine. */
export function identityPath(place: Place, recipient: string): string {
  return join(keysPath(place), `identity-${recipient}.txt`);
}

/** Recipients whose secret keys lie on this machine. */
export async function identitiesHere(place: Place): Promise<readonly string[]> {
  const names = await namesIn(keysPath(place));
  return names
    .map((name) => /^identity-(age1\w+)\.txt$/.exec(name)?.[1])
    .filter((found) => found !== undefined);
}

/** Recipients of which is known, or was once, who holds their secret keys. */
export async function custodiesHere(place: Place): Promise<readonly string[]> {
  const names = await namesIn(keysPath(place));
  return names
    .map((name) => /^custody-(age1\w+)\.json$/.exec(name)?.[1])
    .filter((found) => found !== undefined);
}

/** It has its name only when it is whole. Throws "encryption.identity" when it cannot be written. */
export async function keepIdentity(
  place: Place & Pick<Context, "randomToken">,
  recipient: string,
  text: Secret,
): Promise<string> {
  const path = identityPath(place, recipient);
  try {
    const rights = await privately(place);
    await makeDirectories(keysPath(place), { ...rights, mode: 0o700 });
    const scratch = join(keysPath(place), `.${recipient}.${place.randomToken(6)}`);
    await replaceFile(path, Buffer.from(text.reveal()), { ...rights, scratch }); // a new pair: nobody else has its name
    return path;
  } catch (error) {
    throw cannot("write", path, error);
  }
}

/** Throws "encryption.identity". */
export async function removeIdentity(place: Place, recipient: string): Promise<void> {
  const path = identityPath(place, recipient);
  try {
    if (await removeIfThere(path)) await syncDirectory(keysPath(place));
  } catch (error) {
    throw cannot("remove", path, error);
  }
}

/** Null when nobody is known to hold the key. Throws "encryption.identity" when that cannot be read. */
export async function readCustody(place: Place, recipient: string): Promise<Custody | null> {
  const path = custodyPath(place, recipient);
  try {
    const custody = parseCustody(await readFile(path, "utf8"));
    return custody?.recipient === recipient ? custody : null;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw cannot("read", path, error);
  }
}

/** Throws "encryption.identity". */
export async function keepCustody(
  context: Pick<Context, "statePath" | "randomToken">,
  custody: Custody,
): Promise<void> {
  const path = custodyPath(context, custody.recipient);
  try {
    const rights = await privately(context);
    await makeDirectories(keysPath(context), { ...rights, mode: 0o700 });
    const scratch = `${path}.${context.randomToken(6)}`;
    await replaceFile(path, Buffer.from(formatCustody(custody)), { ...rights, scratch });
  } catch (error) {
    throw cannot("write", path, error);
  }
}

function custodyPath(place: Place, recipient: string): string {
  return join(keysPath(place), `custody-${recipient}.json`);
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw cannot("read", directory, error);
  }
}

function cannot(verb: string, path: string, error: unknown): Failure {
  const seen = errnoOf(error) ?? messageOf(error);
  return new Failure("encryption.identity", `Cannot ${verb} "${path}": ${seen}`, {
    hint: "Check that the state directory is there, has space, and belongs to the account of codex-backup.",
    context: { path },
    cause: error,
  });
}
