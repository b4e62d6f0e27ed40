import type { StorageTraits } from "../../../domain/copies/storage-traits.ts";
import type { Secret } from "../../../domain/secret.ts";

/** Keys of the config, or the SDK's own chain: environment, shared files, the role of the machine. */
export type S3Credentials =
  | {
      readonly kind: "keys";
      readonly keyId: Secret;
      readonly secret: Secret;
      readonly sessionToken: Secret | null;
    }
  | { readonly kind: "chain" };

export type S3Encryption =
  | { readonly kind: "AES256" }
  /** Null: the account's own key. */
  | { readonly kind: "aws:kms"; readonly keyId: string | null };

/** Each object is kept for so many days from its upload on. */
export interface S3Lock {
  readonly mode: "COMPLIANCE" | "GOVERNANCE";
  readonly days: number;
}

export interface S3Settings {
  /** As the config calls it. */
  readonly name: string;
  readonly bucket: string;
  /** "" or "nightly/db": no slashes at the ends. */
  readonly prefix: string;
  readonly region: string;
  /** Null: Amazon's own, by the region. */
  readonly endpoint: string | null;
  /** The bucket stands in the path and not in the host name. */
  readonly pathStyle: boolean;
  readonly credentials: S3Credentials;
  readonly storageClass: string | null;
  readonly encryption: S3Encryption | null;
  readonly lock: S3Lock | null;
  /** Null: chosen for each file. */
  readonly partBytes: number | null;
  /** What the server compares each part with. */
  readonly integrity: "md5" | "crc32" | "none";
  readonly concurrency: number;
  /** PEM; null: the system's authorities. */
  readonly caFile: string | null;
  /** "http://proxy:3128"; null: none. */
  readonly proxy: string | null;
  readonly traits: StorageTraits;
  /** The operator says that what lies there cannot be removed for so long; null: nobody says so. */
  readonly swornImmutableDays: number | null;
}
