import type { StorageTraits } from "../../src/domain/copies/storage-traits.ts";

/** Of a directory of this host, as the config gives them when nothing is said. */
export const plainTraits: StorageTraits = {
  kind: "local",
  isOffSite: false,
  medium: "local",
  readBack: "full",
  isReadOnly: false,
};
