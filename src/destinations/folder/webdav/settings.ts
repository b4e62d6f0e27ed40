import type { StorageTraits } from "../../../domain/copies/storage-traits.ts";
import type { Secret } from "../../../domain/secret.ts";

/** A folder of a WebDAV server, as the operator configured it. */
export interface WebdavSettings {
  readonly name: string;
  /** Of the folder, without user and password: "https://cloud.example.org/dav/backups". */
  readonly url: string;
  /** Null: the server asks for nobody. */
  readonly user: string | null;
  readonly password: Secret | null;
  /** PEM; null: the usual authorities. */
  readonly caFile: string | null;
  /** "http://proxy:3128"; null: none. */
  readonly proxy: string | null;
  readonly traits: StorageTraits;
}

/** The folder's address, with a slash at its end; a user that was written into it is left out. */
export function folderUrl({ url }: WebdavSettings): URL {
  const address = new URL(url);
  address.username = "";
  address.password = "";
  if (!address.pathname.endsWith("/")) address.pathname += "/";
  return address;
}
