import type { CapsuleProgress } from "./capsule.ts";

/** Counts what is done and tells it on. */
export interface Tally {
  bytes(count: number): void;
  finished(path: string): void;
}

/** Tells the totals at once, then each step. */
export function createTally(
  entries: readonly { readonly sizeBytes: number }[],
  onProgress: ((progress: CapsuleProgress) => void) | undefined,
): Tally {
  const totalBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  const totalEntries = entries.length;
  let doneBytes = 0;
  let doneEntries = 0;
  let current = "";
  const tell = () => onProgress?.({ doneBytes, totalBytes, doneEntries, totalEntries, current });
  tell();
  return {
    bytes(count) {
      doneBytes += count;
      tell();
    },
    finished(path) {
      doneEntries += 1;
      current = path;
      tell();
    },
  };
}
