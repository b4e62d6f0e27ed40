import type { Secret } from "../secret.ts";

/** A key whose signatures count, as anybody may see it. */
export interface SigningKey {
  /** As minisign prints it. */
  readonly keyId: string;
  /** The line that `minisign -P` takes. */
  readonly text: string;
  /** Its secret half lies on this machine and signs; else the config trusts it. */
  readonly isOwn: boolean;
  /** When its secret half was last exported, ISO 8601, and by whom; null: never, or it is not ours. */
  readonly exported: { readonly at: string; readonly who: string } | null;
}

/** A secret key on its way to a safe place. */
export interface ExportedKey {
  readonly keyId: string;
  /** A file of minisign's own, without a password. */
  readonly secretKeyText: Secret;
  readonly publicKeyText: string;
}
