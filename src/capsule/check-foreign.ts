import type { CapsuleEntry } from "../domain/backups/manifest.ts";
import { messageOf } from "../domain/failure.ts";
import { unreadable } from "./capsule-damage.ts";
import { describeEntry } from "./entry-list.ts";
import { type HashOptions, hashEntries } from "./hash-entries.ts";
import { type ForeignEntry, type ForeignZip, openForeign } from "./open-foreign.ts";

/**
 * Decodes every entry of a zip that another program made and compares its CRC; there is no list to compare with, so
 * the hashes are those of now. Names are not judged. Throws "capsule.unreadable", naming the entry.
 */
export async function checkForeign(path: string, options: HashOptions): Promise<readonly CapsuleEntry[]> {
  const zip = await openForeign(path);
  try {
    return await describeForeign(zip, options);
  } catch (error) {
    throw unreadable(path, messageOf(error), error);
  } finally {
    await zip.handle.close();
  }
}

/** In the zip's order. Throws "capsule.unreadable" at the first entry that is damaged. */
export async function describeForeign(
  zip: ForeignZip,
  options: HashOptions,
): Promise<readonly CapsuleEntry[]> {
  const described: CapsuleEntry[] = [];
  for await (const [entry, outcome] of hashEntries(zip.handle, zip.entries, options)) {
    if (outcome.kind === "damaged") throw unreadable(zip.path, `"${entry.path}": ${outcome.seen}`);
    described.push(describe(entry, outcome.sha256));
  }
  return described;
}

function describe({ raw, kind, span, modifiedMs }: ForeignEntry, sha256: string): CapsuleEntry {
  const { sizeBytes, mode } = span;
  return describeEntry({
    raw,
    kind,
    sizeBytes,
    mode,
    modifiedMs,
    sha256: kind === "directory" ? null : sha256,
    state: "stable",
  });
}
