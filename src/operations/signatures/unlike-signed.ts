import type { Destination } from "../../destinations/destination.ts";
import { formatBackupFile } from "../../domain/backups/backup-file.ts";
import { Failure } from "../../domain/failure.ts";
import type { Context } from "../context.ts";
import type { StoredBackup } from "../stored-backup.ts";

/**
 * What a trusted key says against a manifest: that it signed another one. Nothing where it is not signed, or by a key that
 * is not trusted here: that is for verify --signatures to tell. A key that cannot be used says nothing either.
 */
export async function differencesToSignature(
  { signatures }: Pick<Context, "signatures">,
  destination: Destination,
  { manifest, manifestText }: StoredBackup,
): Promise<readonly string[]> {
  const name = `${formatBackupFile(manifest.id, { kind: "manifest" })}.minisig`;
  if ((await destination.stat(name)) === null) return [];
  const text = (await destination.read(name, 64 * 1024)).toString("utf8");
  return differencesToSignatureText({ signatures }, Buffer.from(manifestText), { name, text });
}

interface SignatureText {
  /** For messages. */
  readonly name: string;
  readonly text: string;
}

/** As differencesToSignature, of what was read already. */
export async function differencesToSignatureText(
  { signatures }: Pick<Context, "signatures">,
  manifestBytes: Uint8Array,
  { name, text }: SignatureText,
): Promise<readonly string[]> {
  try {
    const verdict = await signatures.check(manifestBytes, text);
    return verdict.kind === "bad"
      ? [`its manifest is not the one that key ${verdict.keyId} signed, or "${name}" was changed`]
      : [];
  } catch (error) {
    if (error instanceof Failure && error.code === "signatures.key") return [];
    throw error;
  }
}
