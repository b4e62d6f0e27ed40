import { join } from "node:path";
import { judgeKeys } from "../../domain/doctor/checks/keys.ts";
import type { Diagnosis } from "../../domain/doctor/finding.ts";
import { Failure } from "../../domain/failure.ts";
import { statIfThere } from "../../platform/files.ts";
import type { Context } from "../context.ts";
import { readKeyExport } from "../keys/signing-key.ts";

/** The key that tonight's runs will sign with. */
export async function lookAtKeys(context: Context): Promise<readonly Diagnosis[]> {
  const path = join(context.statePath, "keys", "signing.key");
  // What keeps us from looking keeps us from signing too, and is told by that.
  const mode = (await statIfThere(path).catch(() => null))?.mode ?? null;
  try {
    const keyId = (await context.signatures.signer())?.publicKey.keyId ?? null;
    const isExported = keyId !== null && (await readKeyExport(context))?.keyId === keyId;
    return judgeKeys({ path, mode, keyId, isExported, fault: null });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return judgeKeys({ path, mode, keyId: null, isExported: false, fault: error.message });
  }
}
