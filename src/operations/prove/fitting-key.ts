import type { Manifest } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import type { Decryptor } from "../../encryption/encryption.ts";
import type { Context } from "../context.ts";
import { openIdentity } from "../restore/unseal.ts";

/**
 * The keys to prove a backup with; null: it is not encrypted. A key that was mistyped, or is another's, is a wish that cannot
 * be carried out and says nothing of the backup, so it is refused before anything is looked at: throws
 * "encryption.identity", and "encryption.no-identity" naming the recipients.
 */
export async function fittingKey(
  context: Pick<Context, "encryption">,
  { id, encryption }: Pick<Manifest, "id" | "encryption">,
  identityFile: string | null,
): Promise<Decryptor | null> {
  if (encryption === undefined) return null;
  const decryptor = await openIdentity(context, identityFile);
  const { recipients } = encryption;
  const isFitting = recipients.length === 0 || decryptor?.recipients.some((one) => recipients.includes(one));
  if (decryptor !== null && isFitting === true) return decryptor;
  const whose = recipients.length === 0 ? "" : ` for ${recipients.join(", ")}`;
  const given =
    decryptor === null ? "" : `, and "${identityFile}" is the key of ${decryptor.recipients.join(", ")}`;
  throw new Failure("encryption.no-identity", `Cannot prove "${id}": it is encrypted${whose}${given}`, {
    hint: "Give the secret key of one of them with --identity FILE.",
    context: { backup: id },
  });
}

/**
 * What went wrong as a proof judges it: where the manifest names the key that was given, and that key does not open the
 * files, nobody can restore them, which is damage. Of an adopted file nobody knows whose key it takes.
 */
export function asSeenWith(failure: Failure, { encryption }: Pick<Manifest, "encryption">): Failure {
  if (failure.code !== "encryption.no-identity" || (encryption?.recipients ?? []).length === 0)
    return failure;
  return new Failure("encryption.damaged", `${failure.message}, though its manifest says so`, {
    hint: 'Use another copy; "codex-backup verify" tells which copies are good.',
    cause: failure,
  });
}
