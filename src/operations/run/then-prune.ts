import type { CapsuleJob, PostgresJob } from "../../domain/jobs/job.ts";
import { describeCount, describeSize } from "../../domain/plain-words.ts";
import { hasRule } from "../../domain/retention/retention-rules.ts";
import type { RunPruning } from "../../domain/runs/run-report.ts";
import type { Context } from "../context.ts";
import { lookForLost } from "../prune/look-for-lost.ts";
import { pruneAfterRun } from "../prune/prune-after-run.ts";
import type { Work } from "./attempt.ts";
import { notePruning } from "./note-pruning.ts";

interface Done {
  readonly runId: string;
  readonly database: string | null;
  readonly signal: AbortSignal;
  readonly work: Work;
}

/**
 * The last step of a run: what its job's keep calls surplus goes, only after a complete backup, and only of
 * the database that it backed up. The backup stands whatever comes of it: what is refused or fails becomes
 * warnings, and the outcome is never less than complete. Outside of the run's time limit, which is for the backup.
 */
export async function thenPrune(
  context: Context,
  job: PostgresJob | CapsuleJob,
  { work, ...run }: Done,
): Promise<Work> {
  const series = { job: job.name, database: run.database };
  const isPruned = [job.keep, ...Object.values(job.keepAt)].some(hasRule);
  if (!isPruned) notePruning(context, { ...series, pruned: null });
  if (work.outcome !== "complete" || !isPruned) {
    await lookForLost(context, job, run.database);
    return work;
  }
  const failedCopies = work.copies.filter((copy) => copy.failure !== null);
  const away = new Set(failedCopies.map((copy) => copy.destination));
  const pruned = await pruneAfterRun(context, job, { ...run, away });
  for (const { backup, destination, reasons } of pruned.removed)
    context.log.info({ backup, destination, reasons: reasons.join(", ") }, "removed by policy");
  notePruning(context, { ...series, pruned });
  const [words] = describePruning(pruned);
  return {
    ...work,
    pruned,
    warnings: [...work.warnings, ...warningsOf(job.name, pruned)],
    summary: work.summary === null || words === undefined ? work.summary : `${work.summary}; ${words}`,
  };
}

/** The most important thing first; none when there was nothing to do. */
function describePruning({ removed, freedBytes, refusedAt, failures }: RunPruning): readonly string[] {
  const gone = describeCount(removed.length, "old copy", "old copies");
  return [
    ...(failures.length > 0 ? ["pruning failed"] : []),
    ...(refusedAt.length > 0 ? ["pruning waits for a word"] : []),
    ...(removed.length > 0 ? [`${gone} removed (${describeSize(freedBytes)})`] : []),
  ];
}

function warningsOf(job: string, { refusedAt, oversizeAt, failures }: RunPruning): readonly string[] {
  return [
    ...refusedAt.map(
      (destination) =>
        `nothing was pruned at "${destination}": more than half would go at once; look with codex-backup prune --job ${job} --dry-run, and say --yes when it is meant`,
    ),
    ...oversizeAt.map(
      ({ destination, sizeBytes, limitBytes }) =>
        `what stays takes ${describeSize(sizeBytes)} at "${destination}", more than the ${describeSize(limitBytes)} of keep.size: see why with codex-backup prune --job ${job} --dry-run`,
    ),
    ...failures.map(({ message }) => `not pruned: ${message}`),
  ];
}
