import type { RunRow } from "../catalog/catalog.ts";
import { Failure, reportOf } from "../domain/failure.ts";
import type { Context } from "./context.ts";

/** True when the process of an unfinished run is gone: another boot, or its pid no longer runs. Other hosts' runs are never judged. */
export function isRunDead({ host }: Pick<Context, "host">, run: RunRow): boolean {
  if (run.finishedAt !== null || run.host !== host.name) return false;
  return run.bootId !== host.bootId || !host.isAlive(run.pid);
}

/** Closes the rows of runs whose process died, as failed, so that every list and status tells of them. */
export function closeDeadRuns(context: Context): void {
  for (const run of context.catalog.runs({ unfinishedOnly: true })) {
    if (!isRunDead(context, run)) continue;
    const failure = new Failure(
      "run.died",
      `Cannot finish "${run.job}": its process ${run.pid} ended without a word`,
      {
        hint: "Look for an out-of-memory kill or a reboot at that time; the next run removes or finishes what it left.",
      },
    );
    context.catalog.updateRun({
      ...run,
      finishedAt: context.clock.now(),
      outcome: "failed",
      failure: reportOf(failure),
      summary: "died",
    });
  }
}
