import type { CapsuleEntry } from "../backups/manifest.ts";
import type { Instant } from "../instant.ts";

/** What has changed among a capsule's files between the oldest snapshot of its restore point and the moment each was read. */
export interface Drift {
  /** Files and links whose content, name or rights were changed after the snapshot, by the file system's times. */
  readonly files: number;
  /** Folders in which something was made, renamed or removed: what was removed has no other trace. */
  readonly folders: number;
  /** The first of the files, in the capsule's order. */
  readonly first: readonly string[];
}

/** So many names are told; the number tells the rest. */
export const toldNames = 20;

/** `touchedAt`: of each entry, in their order. */
export function measureDrift(
  entries: readonly CapsuleEntry[],
  touchedAt: readonly Instant[],
  since: Instant,
): Drift {
  const newer = entries.filter((_, index) => (touchedAt[index] ?? Number.NEGATIVE_INFINITY) > since);
  const files = newer.filter(({ type }) => type !== "directory");
  return {
    files: files.length,
    folders: newer.length - files.length,
    first: files.slice(0, toldNames).map(({ path }) => path),
  };
}
