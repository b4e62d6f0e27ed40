import { asFailure } from "../../domain/failure.ts";
import type { Job } from "../../domain/jobs/job.ts";
import type { Context } from "../context.ts";
import { closeDeadRuns } from "../dead-runs.ts";
import { lockJob } from "./job-lock.ts";
import { recover } from "./recover.ts";
import { patiently } from "./run.ts";

/**
 * Puts right what dead runs left, of every job that nobody is at: rows are closed, backups that were as good
 * as done are finished, partial files go. What it did, one line for each thing. A job that cannot be put
 * right now is left to its next run, which tries again.
 */
export async function reconcile(context: Context, signal: AbortSignal): Promise<readonly string[]> {
  closeDeadRuns(context);
  const lines: string[] = [];
  for (const job of context.jobs) {
    if (signal.aborted) break;
    lines.push(...(await reconcileJob(context, job, signal)));
  }
  return lines;
}

async function reconcileJob(context: Context, job: Job, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const runId = context.newRunId();
    const lock = await lockJob(context, { job: job.name, runId, waitMs: 0, signal });
    try {
      const done = await recover(patiently(context, job), job, signal);
      return done.map((line) => `${job.name}: ${line}`);
    } finally {
      lock.release();
    }
  } catch (error) {
    const failure = asFailure(error, "run.internal", `Cannot put right "${job.name}"`);
    return failure.code === "run.busy" ? [] : [failure.message];
  }
}
