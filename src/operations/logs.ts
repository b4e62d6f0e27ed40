import type { RunRow } from "../catalog/catalog.ts";
import { Failure } from "../domain/failure.ts";
import { type Context, jobNamed } from "./context.ts";
import { closeDeadRuns } from "./dead-runs.ts";
import type { LogsRequest } from "./operation.ts";

/** The run whose log is asked for. Throws "usage.unknown-run" when there is none. */
export function findRun(context: Context, { runId, job }: LogsRequest): RunRow {
  closeDeadRuns(context);
  const found =
    runId === null
      ? context.catalog.runs({ limit: 1, ...(job === null ? {} : { job }) })[0]
      : context.catalog.run(runId);
  if (found) return found;
  if (job !== null) jobNamed(context, job); // after the search: runs outlive their job in the config
  const what = runId ?? (job === null ? "any run" : `a run of "${job}"`);
  throw new Failure("usage.unknown-run", `Cannot find ${what}: the catalog has none`, {
    hint: "See the runs with codex-backup status.",
  });
}
