// What the verbs of keys are asked for, and what they answer.

import type { Secret } from "../domain/secret.ts";
import type { ExportedKey } from "../domain/signatures/signing-key.ts";

export interface ExportSigningRequest {
  readonly who: string;
  /** Takes it to its place; only when this has settled it counts as exported. */
  readonly deliver: (key: ExportedKey) => Promise<void>;
}

export interface NewIdentity {
  readonly recipient: string;
  /** Of its secret key, until that is exported. */
  readonly path: string;
}

export interface ExportRequest {
  readonly who: string;
  /** They stay on this machine as well, where whoever takes the machine can then read the backups. */
  readonly keep: boolean;
  /**
   * Takes the secret keys, as a file of age-keygen's. "kept": they are in a file, and are removed here. "sent": nobody can
   * tell whether the other end of a pipe has kept them, so they stay, and jobs refuse them until one is confirmed.
   */
  readonly deliver: (identities: Secret) => Promise<"kept" | "sent">;
}

export interface ConfirmRequest {
  /** Path of a file with secret keys. */
  readonly identity: string;
  readonly who: string;
}

export interface ImportSigningRequest {
  /** Path of the exported key. */
  readonly from: string;
  readonly who: string;
}
