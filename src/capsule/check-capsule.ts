import type { CapsuleEntry } from "../domain/backups/manifest.ts";
import { damagedEntry } from "./capsule-damage.ts";
import { type HashOptions, hashEntries } from "./hash-entries.ts";
import { openCapsule } from "./open-capsule.ts";

/**
 * Headers and list first (open-capsule), then every entry is decoded to its end and its sha256 compared with the list.
 * Throws "capsule.unreadable", "capsule.mismatch", "capsule.unsafe-path".
 */
export async function checkCapsule(path: string, options: HashOptions): Promise<readonly CapsuleEntry[]> {
  const capsule = await openCapsule(path);
  try {
    const items = capsule.items.map(({ entry, row }) => ({ path: entry.path, span: row, entry }));
    for await (const [{ entry }, outcome] of hashEntries(capsule.handle, items, options)) {
      if (outcome.kind === "damaged") throw damagedEntry(path, entry.path, outcome.seen);
      if (entry.sha256 !== null && outcome.sha256 !== entry.sha256) {
        throw damagedEntry(path, entry.path, `its sha256 is ${outcome.sha256}, ${entry.sha256} by the list`);
      }
    }
    return capsule.items.map(({ entry }) => entry);
  } finally {
    await capsule.handle.close();
  }
}
