import type { Destination, StoredFile } from "../destinations/destination.ts";
import { parseBackupFile } from "../domain/backup-file.ts";
import { type CheckReceipt, parseCheckReceipt } from "../domain/check-receipt.ts";
import type { Level } from "../domain/level.ts";
import type { Manifest } from "../domain/manifest.ts";

/** The newest check receipt among the files of one backup; null when there is none that can be read. */
export async function newestReceipt(
  destination: Destination,
  beside: readonly StoredFile[],
): Promise<CheckReceipt | null> {
  const names = beside.map(({ name }) => name).filter((name) => parseBackupFile(name)?.file.kind === "check");
  const receipts = await Promise.all(
    names.map(async (name) => parseCheckReceipt((await destination.read(name)).toString("utf8"))),
  );
  const known = receipts.filter((receipt) => receipt !== null);
  return known.toSorted((a, b) => (a.checkedAt < b.checkedAt ? 1 : -1))[0] ?? null;
}

/** How far a copy was checked, as its own destination tells it: by the newest receipt, else by the run that made it. */
export function levelBeside(manifest: Manifest, destinationId: string, receipt: CheckReceipt | null): Level {
  if (receipt !== null) return receipt.level;
  return manifest.checked.copies[destinationId] === undefined ? "stored" : manifest.checked.level;
}
