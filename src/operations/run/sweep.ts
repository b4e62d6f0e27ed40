import type { StagedName } from "../../destinations/destination.ts";
import type { CapsuleJob, PostgresJob } from "../../domain/job.ts";
import type { Context } from "../context.ts";
import { isRunDead } from "../dead-runs.ts";

/** A leftover of a run that nobody here knows (another host's, or the catalog was lost) is left alone for so long. */
const unknownRunGraceMs = 48 * 3_600_000;

/** Removes what dead runs of this job staged at its destinations and never published. */
export async function sweepStaged(
  context: Context,
  job: PostgresJob | CapsuleJob,
): Promise<readonly string[]> {
  const done: string[] = [];
  for (const name of job.to) {
    const destination = context.destinations.get(name);
    for (const staged of (await destination?.listStaged().catch(() => [])) ?? []) {
      // A destination that cannot be listed is reported by the run itself, a moment later.
      if (!isOurLeftover(context, job, staged)) continue;
      await (await destination?.resume(staged.name, staged.runId))?.discard();
      done.push(`removed "${staged.name}", left unfinished at "${name}" by run ${staged.runId}`);
    }
  }
  return done;
}

function isOurLeftover(context: Context, job: PostgresJob | CapsuleJob, staged: StagedName): boolean {
  const run = context.catalog.run(staged.runId);
  if (run === null) return context.clock.now() - staged.modifiedMs > unknownRunGraceMs;
  return run.job === job.name && (run.finishedAt !== null || isRunDead(context, run));
}
