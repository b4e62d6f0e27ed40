import { reportOf } from "../../domain/failure.ts";
import type { BackupJob } from "../../domain/jobs/job.ts";
import type { Verdict } from "../../domain/retention/retention.ts";
import type { PlannedCopy } from "../../domain/retention/retention-plan.ts";
import type { Context } from "../context.ts";
import type { PruneReport } from "../operation.ts";
import { reportRetained, reportVerdict } from "./prune-report.ts";
import { removeCopies } from "./remove-copy.ts";

interface CarriedOut {
  readonly verdicts: readonly Verdict<PlannedCopy>[];
  readonly signal: AbortSignal;
}

/**
 * Removes what the verdicts say; one report for each. After an abort, what was not reached is still there. What an object lock
 * keeps for some days more is not even tried: with a year of it that would be hundreds of requests each night.
 */
export async function carryOut(
  context: Context,
  job: BackupJob,
  { verdicts, signal }: CarriedOut,
): Promise<readonly PruneReport[]> {
  const copies = verdicts
    .filter(({ verdict, backup }) => verdict === "remove" && !isLocked(backup))
    .map(({ backup }) => backup);
  const removals = await removeCopies(context, job, { copies, signal });
  const byCopy = new Map(removals.map((removal) => [keyOf(removal), removal]));
  return verdicts.map((verdict) => {
    const done = byCopy.get(keyOf(verdict.backup));
    const report = reportVerdict(job, verdict);
    if (verdict.verdict === "remove" && isLocked(verdict.backup)) return report;
    if (verdict.verdict === "keep" || !done) return report;
    const { failure, retained } = done;
    if (retained !== null) return { ...report, retained: reportRetained(retained) };
    if (failure === null) return { ...report, isRemoved: true };
    return { ...report, failure: reportOf(failure), exit: failure.meaning.exit };
  });
}

function keyOf({ id, destination }: Pick<PlannedCopy, "id" | "destination">): string {
  return `${destination}\n${id}`;
}

/** The storage has named a day. */
function isLocked({ retained }: PlannedCopy): boolean {
  return retained !== undefined && retained.until !== null;
}
