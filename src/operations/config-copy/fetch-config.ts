import type { Destination } from "../../destinations/destination.ts";
import { newestConfigCopy } from "../../domain/backups/config-copy-name.ts";
import type { Encryption } from "../../encryption/encryption.ts";
import { readToEnd } from "../../platform/read-to-end.ts";

export interface FetchedConfig {
  /** Of the file at the destination. */
  readonly name: string;
  /** The config file as it was; null without a key to open it. */
  readonly text: string | null;
}

/**
 * The newest config that is kept at a destination; null when none is. Throws as the destination and the key do
 * ("encryption.no-identity" when this key does not open it).
 */
export async function fetchConfig(
  destination: Destination,
  { encryption, identity }: { readonly encryption: Encryption; readonly identity: string | null },
): Promise<FetchedConfig | null> {
  const name = newestConfigCopy((await destination.list()).map((file) => file.name));
  if (name === null) return null;
  if (identity === null) return { name, text: null };
  const decryptor = await encryption.openIdentities(identity);
  const { stream } = await decryptor.open((await destination.open(name)).stream, name);
  return { name, text: (await readToEnd(stream)).toString("utf8") };
}
