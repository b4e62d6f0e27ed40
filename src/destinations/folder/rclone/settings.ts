import type { StorageTraits } from "../../../domain/copies/storage-traits.ts";

/** How a folder is reached through the installed rclone. */
export interface RcloneSettings {
  readonly name: string;
  /** As rclone writes it: "b2:bucket/path". */
  readonly remote: string;
  /** Null: the one that rclone finds by itself, in the home directory of `env`. */
  readonly configFile: string | null;
  readonly program: string;
  /** Further options of rclone, put behind ours; the last one wins. */
  readonly args: readonly string[];
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  readonly traits: StorageTraits;
}
