import { formatBackupNames, parseBackupName } from "../../domain/backups/backup-name.ts";
import type { BackupJob } from "../../domain/jobs/job.ts";

/**
 * Whether a run of this job could have given this name: by its template, about one of its databases, with at
 * most a time of day behind it. Other words behind it ("…_keepsake") could be a run's id, but are more likely a
 * person's.
 */
export function isOfJob(job: BackupJob, base: string): boolean {
  const { nameTemplate, timezone, name } = job;
  const parsed = parseBackupName(nameTemplate, base, { timezone, job: name });
  if (parsed === null || !isOfDatabases(job, parsed.database)) return false;
  const facts = { at: parsed.at, timezone, database: parsed.database, job: name };
  return formatBackupNames(nameTemplate, facts, "").slice(0, -1).includes(base);
}

/** A template without {database} speaks of the job's only one. */
function isOfDatabases(job: BackupJob, database: string | null): boolean {
  if (job.kind !== "postgres" || database === null) return true;
  if (job.databases.kind === "named") return job.databases.names.includes(database);
  return !job.databases.except.includes(database);
}
