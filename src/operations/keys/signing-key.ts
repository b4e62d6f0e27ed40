import { readFile, realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { errnoOf, Failure, messageOf } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import { Secret } from "../../domain/secret.ts";
import { formatKeyExport, type KeyExport, parseKeyExport } from "../../domain/signatures/key-export.ts";
import type { SigningKey } from "../../domain/signatures/signing-key.ts";
import { replaceFile } from "../../platform/files.ts";
import { ownerOfState } from "../../platform/owner-of-state.ts";
import type { PublicKey } from "../../signatures/signature.ts";
import type { Context } from "../context.ts";
import type { ExportSigningRequest, ImportSigningRequest } from "../operation.ts";

/** The pair that runs sign with from now on. Throws "usage.refused" when there is one. */
export async function generateSigningKey(context: Context): Promise<SigningKey> {
  return { ...(await context.signatures.generate()), isOwn: true, exported: null };
}

/** The keys whose signatures count, our own first; empty: there are none. Throws "signatures.key". */
export async function listSigningKeys(context: Context): Promise<readonly SigningKey[]> {
  const own = await context.signatures.signer();
  const exported = await readKeyExport(context);
  return (await context.signatures.trusted()).map(({ keyId, text }) => {
    const isOwn = isSame(own?.publicKey ?? null, { keyId, text });
    const isExported = isOwn && exported?.keyId === keyId;
    return { keyId, text, isOwn, exported: isExported ? { at: exported.at, who: exported.who } : null };
  });
}

function isSame(a: PublicKey | null, b: PublicKey): boolean {
  return a?.text === b.text;
}

/**
 * Gives out the secret key, as a file of minisign's own; only when it was taken does it count as exported. Throws
 * "signatures.key".
 */
export async function exportSigningKey(
  context: Context,
  { who, deliver }: ExportSigningRequest,
): Promise<SigningKey> {
  const { secretKeyText, publicKeyText } = await context.signatures.exported();
  const signer = await context.signatures.signer();
  if (signer === null) throw new Failure("signatures.key", "Cannot export the signing key: it is gone");
  const { keyId, text } = signer.publicKey;
  await deliver({ keyId, secretKeyText: new Secret(secretKeyText), publicKeyText });
  const exported = { at: formatInstant(context.clock.now()), who };
  await keepKeyExport(context, { format: "codex-backup-key-export", version: 1, keyId, ...exported });
  return { keyId, text, isOwn: true, exported };
}

/**
 * Takes an exported key in again; or, where it signs here already, notes that its export exists. Throws "usage.refused" when
 * another key signs here, or for the very file that is lost with this machine; "signatures.key" as Signatures.putBack.
 */
export async function importSigningKey(
  context: Context,
  { from, who }: ImportSigningRequest,
): Promise<SigningKey> {
  const [path, keys] = await Promise.all(
    [from, dirname(exportPath(context))].map((name) => realpath(name).catch(() => name)),
  );
  if (path?.startsWith(`${keys}${sep}`) === true) {
    throw new Failure("usage.refused", `Cannot import "${from}": it is lost together with this machine`, {
      hint: "Put it into a safe place with codex-backup keys export --to FILE.",
    });
  }
  const { keyId, text } = await context.signatures.putBack(from);
  const exported = { at: formatInstant(context.clock.now()), who };
  await keepKeyExport(context, { format: "codex-backup-key-export", version: 1, keyId, ...exported });
  return { keyId, text, isOwn: true, exported };
}

type Place = Pick<Context, "statePath">;

function exportPath({ statePath }: Place): string {
  return join(statePath, "keys", "exported.json");
}

/** The last export; null: there was none, or nobody can read of it. */
export async function readKeyExport(place: Place): Promise<KeyExport | null> {
  try {
    return parseKeyExport(await readFile(exportPath(place), "utf8"));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw cannot("read", exportPath(place), error);
  }
}

async function keepKeyExport(
  context: Pick<Context, "statePath" | "randomToken">,
  kept: KeyExport,
): Promise<void> {
  const path = exportPath(context);
  try {
    const scratch = `${path}.${context.randomToken(6)}`;
    const owner = await ownerOfState(dirname(path));
    await replaceFile(path, Buffer.from(formatKeyExport(kept)), { mode: 0o600, owner, scratch });
  } catch (error) {
    throw cannot("write", path, error);
  }
}

function cannot(verb: string, path: string, error: unknown): Failure {
  return new Failure("signatures.key", `Cannot ${verb} "${path}": ${messageOf(error)}`, {
    hint: "Run it as the user who owns the state directory.",
    cause: error,
  });
}
