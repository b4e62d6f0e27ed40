import type { BackupRow } from "../../catalog/catalog.ts";
import { Failure } from "../../domain/failure.ts";
import { demandBackupJob } from "../../domain/jobs/job.ts";
import { type Context, jobNamed } from "../context.ts";
import { findBackup } from "../find-backup.ts";
import { isGood } from "../list.ts";
import type { ProveOptions } from "../operation.ts";

type Choice = Pick<ProveOptions, "backups" | "job" | "latest" | "all">;

/**
 * The backups that a person named, or the newest good one of each database, or every good one. Throws for what says
 * two things or nothing, for unknown names, and "usage.unknown-backup" when there is no good backup at all: a proof of
 * nothing must not look like one.
 */
export function chooseBackups(context: Context, choice: Choice): readonly BackupRow[] {
  const { backups, job, latest, all } = choice;
  if (backups.length > 0) {
    if (job !== null || latest || all) throw saysTwoThings("named backups", "--job, --latest or --all");
    return backups.map((name) => findBackup(context, name));
  }
  if (latest && all) throw saysTwoThings("--latest", "--all");
  if (!latest && !all && job === null) {
    throw new Failure("usage.refused", "Cannot prove: no backup was named", {
      hint: "Name backups, or give --latest, --all or --job.",
    });
  }
  if (job !== null) demandBackupJob(jobNamed(context, job), "prove");
  const good = context.catalog.backups(job === null ? {} : { job }).filter(isGood);
  if (good.length === 0) throw nothingGood(job);
  return all ? good : newestOfEach(good);
}

/** Newest first come, and each database of each job once. */
export function newestOfEach(rows: readonly BackupRow[]): readonly BackupRow[] {
  const bySeries = Map.groupBy(rows, ({ job, database }) => JSON.stringify([job, database]));
  return [...bySeries.values()].flatMap(([newest]) => (newest === undefined ? [] : [newest]));
}

function saysTwoThings(one: string, other: string): Failure {
  return new Failure("usage.refused", `Cannot prove ${one} together with ${other}: that says two things`, {
    hint: "Leave one of them out.",
  });
}

function nothingGood(job: string | null): Failure {
  const seen = job === null ? "there is no good backup" : `"${job}" has no good backup`;
  return new Failure("usage.unknown-backup", `Cannot prove: ${seen}`, {
    hint: "Make one with codex-backup run, or see what there is with codex-backup list.",
  });
}
