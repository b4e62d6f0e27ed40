import type { Manifest } from "../../domain/backups/manifest.ts";
import { asFailure } from "../../domain/failure.ts";
import type { Context } from "../context.ts";
import type { Sealed } from "./seal.ts";

export interface Signing {
  readonly sealed: Sealed;
  /** Why there is a key and the backup is not signed all the same; null: it is, or there is no key. */
  readonly gap: string | null;
}

/**
 * Signs what was sealed. A key that cannot be used costs no backup: it is made unsigned, and the run says so and is
 * incomplete (docs/decisions/013-signatures.md).
 */
export async function signSealed(context: Pick<Context, "signatures">, sealed: Sealed): Promise<Signing> {
  try {
    const signer = await context.signatures.signer();
    if (signer === null) return { sealed, gap: null };
    const bytes = Buffer.from(sealed.manifestText);
    const signatureText = signer.sign(bytes, describeManifest(sealed.manifest));
    return { sealed: { ...sealed, signatureText }, gap: null };
  } catch (error) {
    const failure = asFailure(error, "signatures.key", "Cannot sign");
    return { sealed, gap: `the backup is not signed: ${failure.message}` };
  }
}

/** What minisign shows when it has verified the manifest. */
function describeManifest({ job, id, runId, finishedAt }: Manifest): string {
  return `codex-backup manifest of ${job}/${id}, run ${runId}, finished ${finishedAt}`;
}
