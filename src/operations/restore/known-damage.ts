import type { BackupRow } from "../../catalog/catalog.ts";
import type { PreflightFinding } from "../../domain/backups/restore-report.ts";
import type { Context } from "../context.ts";
import { newestGood } from "../list.ts";
import type { ChosenCopy } from "./choose-copy.ts";

interface KnownDamage extends PreflightFinding {
  readonly severity: "blocker";
  readonly hint: string;
}

/**
 * What stands in the way when the best copy that can be reached was found damaged; null when none is known to be. From
 * the catalog alone: copies that were mended since are cleared by verify.
 */
export function knownDamage(
  context: Context,
  row: BackupRow,
  { destination }: ChosenCopy,
): KnownDamage | null {
  const copy = row.copies.find((candidate) => candidate.destination === destination.name);
  if (copy?.state !== "damaged") return null;
  const which = row.copies.length === 1 ? "its only copy" : "the best copy that can be reached";
  const message = `${which}, at "${destination.name}", was found damaged`;
  const good = newestGood(context, row.job, row.database);
  const instead =
    good === null
      ? `"${row.job}" has no good backup; look`
      : `Restore ${good.id} instead, the newest good backup (of ${good.createdAt}); or look`;
  return { severity: "blocker", message, hint: `${instead} again with codex-backup verify ${row.id}.` };
}
