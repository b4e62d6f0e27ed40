import type { StorageTraits } from "../../domain/copies/storage-traits.ts";
import type { RemoteDeps } from "../remote-deps.ts";
import type { RemoteFolder } from "./remote-folder.ts";

/** What every folder on another host has. */
export interface FolderSettings {
  readonly name: string;
  /** For people: a URL without secrets. */
  readonly location: string;
  readonly traits: StorageTraits;
}

/** What the parts of a folder's destination share. */
export interface FolderParts {
  readonly settings: FolderSettings;
  readonly folder: RemoteFolder;
  readonly deps: RemoteDeps;
}
