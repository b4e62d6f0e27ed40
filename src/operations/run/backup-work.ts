import { formatBackupFile } from "../../domain/backup-file.ts";
import { describeCount, describeDuration, describeSize } from "../../domain/plain-words.ts";
import type { Context } from "../context.ts";
import type { Work } from "./attempt.ts";
import { type BackupRun, makeBackup } from "./backup.ts";
import { startWatch } from "./watch.ts";

/** Makes a backup under the job's limits and tells what came of it. */
export async function backupWork(
  context: Context,
  run: Omit<BackupRun, "watch">,
  signal: AbortSignal,
): Promise<Work> {
  const { job } = run;
  const startedMs = context.clock.monotonicMs();
  const watch = startWatch(context.clock, signal, {
    job: job.name,
    timeoutMs: job.timeoutMs,
    stallMs: job.stallMs,
  });
  try {
    const made = await makeBackup(context, { ...run, watch });
    const { manifest } = made.sealed;
    const sizeBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const gaps = made.outcome === "incomplete" ? `, ${describeCount(made.warnings.length, "gap")}` : "";
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
      },
      copies: made.copies,
      windowMs: made.windowMs,
      warnings: made.warnings,
      failure: null,
      summary: `${made.outcome}, ${duration}, ${describeSize(sizeBytes)}${gaps}`,
    };
  } finally {
    watch.stop();
  }
}
