import type { StorageTraits } from "../../../domain/copies/storage-traits.ts";
import type { Secret } from "../../../domain/secret.ts";

/** The account's key, or a signature that was made for this container and ends some day. */
export type AzureCredentials =
  | { readonly kind: "key"; readonly key: Secret }
  | { readonly kind: "sas"; readonly sas: Secret };

/** How a container of Azure Blob Storage is reached. */
export interface AzureSettings {
  /** As the config calls it. */
  readonly name: string;
  readonly account: string;
  readonly container: string;
  /** "" or "nightly/db": no slashes at the ends. */
  readonly prefix: string;
  readonly credentials: AzureCredentials;
  /** Null: Azure's own for the account. Another one with all that stands before the container. */
  readonly endpoint: string | null;
  /** "Cool", "Cold", …; null: as the account says. */
  readonly accessTier: string | null;
  /** Null: chosen for each file. */
  readonly partBytes: number | null;
  readonly concurrency: number;
  /** PEM; null: the system's authorities. */
  readonly caFile: string | null;
  /** "http://proxy:3128"; null: none. */
  readonly proxy: string | null;
  readonly traits: StorageTraits;
}
