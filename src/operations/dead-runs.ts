import type { RunRow } from "../catalog/catalog.ts";
import { Failure, reportOf } from "../domain/failure.ts";
import type { Context } from "./context.ts";

/** True when the process of an unfinished run is gone: another boot, or its pid no longer runs. Other hosts' runs are never judged. */
function isRunDead({ host }: Pick<Context, "host">, run: RunRow): boolean {
  if (run.finishedAt !== null || run.host !== host.name) return false;
  return run.bootId !== host.bootId || !host.isAlive(run.pid);
}

/** Closes the rows of runs whose process died, as failed, so that every list and status tells of them. */
export function closeDeadRuns(context: Context): void {
  close(
    context,
    context.catalog.runs({ unfinishedOnly: true }).filter((run) => isRunDead(context, run)),
  );
}

/**
 * Closes every unfinished run of a job whose lock we hold: nobody else can be at it, whatever process has its
 * pid by now (in a container the same few pids come back at each start) and whatever the host is called.
 */
export function closeRunsOf(context: Context, job: string): void {
  close(context, context.catalog.runs({ job, unfinishedOnly: true }));
}

function close(context: Context, runs: readonly RunRow[]): void {
  for (const run of runs) {
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
