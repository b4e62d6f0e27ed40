import { suspectWord } from "../../domain/anomalies/suspect.ts";
import { formatBackupFile } from "../../domain/backups/backup-file.ts";
import { describeCount, describeDuration, describeSize } from "../../domain/plain-words.ts";
import type { Context } from "../context.ts";
import type { Work } from "./attempt.ts";
import { type BackupRun, type MadeBackup, makeBackup } from "./backup.ts";

/** Makes a backup and tells what came of it. */
export async function backupWork(context: Context, run: BackupRun): Promise<Work> {
  const startedMs = context.clock.monotonicMs();
  const made = await makeBackup(context, run);
  const { manifest } = made.sealed;
  const sizeBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const gaps = made.outcome === "incomplete" ? `, ${describeCount(made.gapCount, "gap")}` : "";
  const duration = describeDuration(context.clock.monotonicMs() - startedMs);
  return {
    outcome: made.outcome,
    backup: {
      id: manifest.id,
      files: manifest.files.map(({ path, sizeBytes: bytes, sha256 }) => ({
        path,
        sizeBytes: bytes,
        sha256,
      })),
      manifest: formatBackupFile(manifest.id, { kind: "manifest" }),
      anomalies: made.anomalies,
    },
    copies: made.copies,
    windowMs: made.windowMs,
    warnings: [...made.warnings, ...unprovenWarnings(run, made)],
    untold: made.untold,
    failure: null,
    summary: `${made.outcome}, ${duration}, ${describeSize(sizeBytes)}${gaps}${made.anomalies.length > 0 ? suspectWord : ""}`,
  };
}

function unprovenWarnings({ job }: BackupRun, { outcome }: MadeBackup): readonly string[] {
  if (outcome === "complete" || !job.prove.afterEach) return [];
  return ["no proof is made of it: with after: each only complete backups are proven"];
}
