import { formatBackupFile, manifestSignature } from "../../domain/backups/backup-file.ts";
import { formatBackupNames } from "../../domain/backups/backup-name.ts";
import { Failure } from "../../domain/failure.ts";
import type { BackupRun } from "./backup.ts";

export interface TakenNames {
  /** Files that stand at the destinations, or are remembered there. */
  readonly files: ReadonlySet<string>;
  /** A backup of this job that the catalog knows, whether it still stands or not, or one that waits to be finished. */
  isBackup(id: string): boolean;
}

/**
 * The first base name of which no file stands at any destination: nothing is ever overwritten, also not
 * a dump that an old script left under today's name.
 */
export function chooseName(run: BackupRun, taken: TakenNames): string {
  const { job, producer } = run;
  const facts = {
    at: run.slot ?? run.startedAt,
    timezone: job.timezone,
    database: producer.database,
    job: job.name,
  };
  const candidates = formatBackupNames(job.nameTemplate, facts, run.runId);
  const isFree = (name: string) =>
    !taken.isBackup(name) && namesToTake(run, name).every((file) => !taken.files.has(file));
  const free = candidates.find(isFree);
  if (free !== undefined) return free;
  throw new Failure(
    "destination.exists",
    `Cannot name the backup of "${job.name}": ${candidates.map((name) => `"${name}"`).join(", ")} are taken`,
    {
      hint: "Wait a second and run the job again, or move the files that bear these names.",
    },
  );
}

function namesToTake({ producer }: BackupRun, name: string): readonly string[] {
  const described = (["manifest", "sha256"] as const).map((kind) => formatBackupFile(name, { kind }));
  return [...producer.fileNames(name), ...described, formatBackupFile(name, manifestSignature)];
}
