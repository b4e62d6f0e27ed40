import type { Destination } from "../destinations/destination.ts";
import { formatBackupFile, parseBackupFile } from "../domain/backups/backup-file.ts";
import { formatCheckReceipt } from "../domain/backups/check-receipt.ts";
import type { Manifest } from "../domain/backups/manifest.ts";
import type { ReadBack } from "../domain/copies/read-back.ts";
import { formatInstant, type Instant, instant } from "../domain/instant.ts";
import type { Level } from "../domain/level.ts";
import type { Context } from "./context.ts";

export interface CheckedCopy {
  readonly sealed: { readonly manifest: Manifest; readonly manifestSha256: string };
  readonly destinationId: string;
  /** "unknown": damage was found. */
  readonly level: Level;
  readonly readBack: ReadBack | null;
  /** Of damage: how deep a check must go to clear it. */
  readonly foundAt?: Level;
  /** Default: now. */
  readonly checkedAt?: Instant;
}

/**
 * Keeps the result of a check beside the copy, so that it survives the catalog. A copy has one receipt: the
 * newest is written first, then older ones are removed (docs/decisions/006-check-receipts.md). Returns its name.
 */
export async function writeCheckReceipt(
  context: Context,
  destination: Destination,
  checked: CheckedCopy,
): Promise<string> {
  const { manifest } = checked.sealed;
  const checkedAt = checked.checkedAt ?? context.clock.now();
  const older = (await destination.list())
    .map((file) => file.name)
    .filter((name) => isCheckOf(name, manifest.id));
  const name = freeName(manifest.id, checkedAt, new Set(older));
  const text = receiptText(context, { ...checked, checkedAt });
  await destination.put(name, Buffer.from(text), context.newRunId());
  for (const file of older) await destination.remove(file);
  await destination.sync();
  return name;
}

/** The bytes of a receipt. */
export function receiptText(
  { version }: Pick<Context, "version">,
  { sealed, checkedAt, ...checked }: CheckedCopy & { readonly checkedAt: Instant },
): string {
  const { manifest, manifestSha256 } = sealed;
  return formatCheckReceipt({
    format: "codex-backup-check",
    version: 1,
    backup: manifest.id,
    job: manifest.job,
    destinationId: checked.destinationId,
    checkedAt: formatInstant(checkedAt),
    level: checked.level,
    ...(checked.foundAt !== undefined && { foundAt: checked.foundAt }),
    readBack: checked.readBack,
    manifestSha256,
    tool: version,
  });
}

/** Names count seconds: a second check within one must not be silenced by the first. */
function freeName(id: string, at: Instant, taken: ReadonlySet<string>): string {
  const name = formatBackupFile(id, { kind: "check", at });
  return taken.has(name) ? freeName(id, instant(at + 1000), taken) : name;
}

function isCheckOf(name: string, id: string): boolean {
  const parsed = parseBackupFile(name);
  return parsed !== null && parsed.base === id && parsed.file.kind === "check";
}
