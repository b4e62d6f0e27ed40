import type { RunRow } from "../catalog/catalog.ts";
import { type Context, jobNamed } from "./context.ts";
import { closeDeadRuns } from "./dead-runs.ts";
import { findRun } from "./logs.ts";
import type { ListRunsOptions } from "./operation.ts";

/**
 * Throws "usage.unknown-job" for a job that is neither in the config nor has left runs behind, "usage.unknown-run"
 * when there is no run to go on after.
 */
export function listRuns(context: Context, { job, limit, after }: ListRunsOptions): readonly RunRow[] {
  closeDeadRuns(context);
  if (after !== null) findRun(context, { runId: after, job: null });
  const filter = { limit, ...(job === null ? {} : { job }), ...(after === null ? {} : { before: after }) };
  const runs = context.catalog.runs(filter);
  if (job !== null && runs.length === 0) jobNamed(context, job);
  return runs;
}
