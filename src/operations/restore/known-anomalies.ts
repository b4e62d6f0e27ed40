import type { BackupRow } from "../../catalog/catalog.ts";
import { isSuspect } from "../../domain/anomalies/suspect.ts";
import type { PreflightFinding } from "../../domain/backups/restore-report.ts";

/**
 * That a backup is not what its history lets one expect, which an hour after the mistake is the newest one of all. Empty
 * when it is as usual, or somebody has accepted it.
 */
export function knownAnomalies(
  row: Pick<BackupRow, "job" | "anomalies" | "accepted">,
): readonly PreflightFinding[] {
  if (!isSuspect(row)) return [];
  const seen = row.anomalies.map(({ message }) => message).join("; ");
  const message = `the backup is suspect: ${seen}`;
  const hint = `What is missed may be in an earlier one: codex-backup list --job ${row.job}`;
  return [{ severity: "warning", message, hint }];
}
