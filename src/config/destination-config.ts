import type { BandwidthRule } from "../domain/copies/bandwidth.ts";
import type { StorageTraits } from "../domain/copies/storage-traits.ts";
import type { FileOwner, KeepPolicy } from "../domain/jobs/job.ts";
import type { Secret } from "../domain/secret.ts";

/** A place where backups are kept, by the driver that reaches it. */
export type DestinationConfig = LocalDestinationConfig | RemoteDestinationConfig;

export type RemoteDestinationConfig =
  | S3DestinationConfig
  | SftpDestinationConfig
  | AzureDestinationConfig
  | WebdavDestinationConfig
  | RcloneDestinationConfig;

/** What all kinds have. */
interface DestinationBasis {
  readonly name: string;
  readonly traits: StorageTraits;
  /** What is kept here, instead of the jobs' own keep; null: as each job says. */
  readonly keep: KeepPolicy | null;
  /** The operator's word that nothing there can be changed or removed; null: no such word. */
  readonly sworn: SwornImmutability | null;
  /** Empty: as fast as it goes. */
  readonly bandwidth: readonly BandwidthRule[];
}

export interface SwornImmutability {
  /** From the upload on; null: for ever. */
  readonly days: number | null;
}

/** A directory of this host. */
export interface LocalDestinationConfig extends DestinationBasis {
  readonly kind: "local";
  readonly path: string;
  /** Its own, else the one that every job writing here asks for; null: whoever runs us. */
  readonly owner: FileOwner | null;
  /** As `owner`; default 0600. Never any bit for others. */
  readonly fileMode: number;
  readonly directoryMode: number;
}

/** How a server on the web is reached. */
interface WebAccess {
  /** PEM, absolute; null: the usual authorities. */
  readonly caFile: string | null;
  /** Null: none. */
  readonly proxy: string | null;
  /** Plain http to another host was allowed. */
  readonly isInsecure: boolean;
}

export interface S3DestinationConfig extends DestinationBasis, WebAccess {
  readonly kind: "s3";
  readonly bucket: string;
  /** No slash at either end; "": the bucket's top. */
  readonly prefix: string;
  readonly region: string;
  /** Null: Amazon's. */
  readonly endpoint: string | null;
  readonly pathStyle: boolean;
  readonly credentials: S3Credentials;
  readonly storageClass: string | null;
  readonly encryption: S3Encryption | null;
  readonly lock: S3Lock | null;
  readonly partBytes: number | null;
  readonly integrity: "md5" | "crc32" | "none";
  readonly concurrency: number;
}

/** "chain": the usual places of the AWS tools. */
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
  | { readonly kind: "aws:kms"; readonly keyId: string | null };

export interface S3Lock {
  readonly mode: "COMPLIANCE" | "GOVERNANCE";
  readonly days: number;
}

export interface SftpDestinationConfig extends DestinationBasis {
  readonly kind: "sftp";
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly path: string;
  /** "SHA256:…", at least one. */
  readonly hostKeys: readonly string[];
  readonly password: Secret | null;
  readonly privateKey: Secret | null;
  readonly passphrase: Secret | null;
}

export interface AzureDestinationConfig extends DestinationBasis, WebAccess {
  readonly kind: "azure";
  readonly account: string;
  readonly container: string;
  readonly prefix: string;
  readonly credentials: AzureCredentials;
  readonly endpoint: string | null;
  readonly accessTier: string | null;
  readonly partBytes: number | null;
  readonly concurrency: number;
}

export type AzureCredentials =
  | { readonly kind: "key"; readonly key: Secret }
  | { readonly kind: "sas"; readonly sas: Secret };

export interface WebdavDestinationConfig extends DestinationBasis, WebAccess {
  readonly kind: "webdav";
  readonly url: string;
  readonly user: string | null;
  readonly password: Secret | null;
}

export interface RcloneDestinationConfig extends DestinationBasis {
  readonly kind: "rclone";
  /** "b2:bucket/path" */
  readonly remote: string;
  readonly configFile: string | null;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: readonly RcloneVariable[];
}

export interface RcloneVariable {
  readonly name: string;
  readonly value: Secret;
}
