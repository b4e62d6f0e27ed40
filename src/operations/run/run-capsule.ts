import type { CapsuleJob } from "../../domain/job.ts";
import type { RunReport } from "../../domain/run-report.ts";
import type { Context } from "../context.ts";
import { attempt } from "./attempt.ts";
import { backupWork } from "./backup-work.ts";
import { createCapsuleProducer } from "./produce-capsule.ts";
import type { JobRun } from "./run.ts";

/** The replay capsule: one directory tree, one zip. */
export async function runCapsule(
  context: Context,
  job: CapsuleJob,
  { runId, slot, signal }: JobRun,
): Promise<readonly RunReport[]> {
  const report = await attempt(
    context,
    { runId, job: job.name, database: null, slot },
    (inner, startedAt) => {
      const producer = createCapsuleProducer(inner, job, signal);
      return backupWork(inner, { runId, slot, startedAt, job, producer }, signal);
    },
  );
  return [report];
}
