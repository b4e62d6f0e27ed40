import type { Destination } from "../destinations/destination.ts";
import { formatBackupFile, parseBackupFile } from "../domain/backup-file.ts";
import { formatCheckReceipt } from "../domain/check-receipt.ts";
import { formatInstant } from "../domain/instant.ts";
import type { Level } from "../domain/level.ts";
import type { Manifest } from "../domain/manifest.ts";
import type { Context } from "./context.ts";

export interface CheckedCopy {
  readonly sealed: { readonly manifest: Manifest; readonly manifestSha256: string };
  readonly destinationId: string;
  readonly level: Level;
  readonly readBack: "direct" | "cached" | null;
}

/**
 * Keeps the result of a check beside the copy, so that it survives the catalog. A copy has one receipt: the
 * newest is written first, then older ones are removed (docs/decisions/003-check-receipts.md).
 */
export async function writeCheckReceipt(
  context: Context,
  destination: Destination,
  checked: CheckedCopy,
): Promise<void> {
  const { manifest, manifestSha256 } = checked.sealed;
  const now = context.clock.now();
  const name = formatBackupFile(manifest.id, { kind: "check", at: now });
  const older = (await destination.list())
    .filter((file) => isCheckOf(file.name, manifest.id) && file.name !== name)
    .map((file) => file.name);
  const text = formatCheckReceipt({
    format: "codex-backup-check",
    version: 1,
    backup: manifest.id,
    job: manifest.job,
    destinationId: checked.destinationId,
    checkedAt: formatInstant(now),
    level: checked.level,
    readBack: checked.readBack,
    manifestSha256,
    tool: context.version,
  });
  if ((await destination.stat(name)) === null)
    await destination.put(name, Buffer.from(text), context.newRunId());
  for (const file of older) await destination.remove(file);
  await destination.sync();
}

function isCheckOf(name: string, id: string): boolean {
  const parsed = parseBackupFile(name);
  return parsed !== null && parsed.base === id && parsed.file.kind === "check";
}
