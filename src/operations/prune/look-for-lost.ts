import { messageOf } from "../../domain/failure.ts";
import type { BackupJob } from "../../domain/jobs/job.ts";
import type { Context } from "../context.ts";
import { findBackups, noteLost } from "./find-backups.ts";

/**
 * What the names at a job's destinations show to be lost, of one database, where nothing is pruned. Never throws: what
 * could not be looked at is seen the next time.
 */
export async function lookForLost(context: Context, job: BackupJob, database: string | null): Promise<void> {
  try {
    const found = await findBackups(context, job, { dryRun: true, only: { database } }); // also where nothing can be written
    noteLost(context, job, found);
  } catch (error) {
    context.log.warn({ job: job.name, error: messageOf(error) }, "cannot look for what is lost");
  }
}
