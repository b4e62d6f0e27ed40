import type { CapsuleJob } from "../../domain/jobs/job.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import type { Context } from "../context.ts";
import { awaitDatabases } from "../sets/await-databases.ts";
import { attempt } from "./attempt.ts";
import { backupWork } from "./backup-work.ts";
import { underHooks } from "./hooks.ts";
import type { JobRun } from "./job-run.ts";
import { createCapsuleProducer } from "./produce-capsule.ts";
import { thenPrune } from "./then-prune.ts";
import { startWatch, underWatch } from "./watch.ts";

/** The replay capsule: one directory tree, one zip. */
export async function runCapsule(
  context: Context,
  job: CapsuleJob,
  { runId, slot, signal }: JobRun,
): Promise<readonly RunReport[]> {
  const facts = { runId, job: job.name, database: null, slot };
  const report = await attempt(context, facts, (inner, startedAt) =>
    underHooks(inner, { job, facts, signal }, async () => {
      const { name, timeoutMs, stallMs } = job;
      const watch = startWatch(inner.clock, signal, { job: name, timeoutMs, stallMs });
      const producer = createCapsuleProducer(inner, job, watch.signal);
      const backUp = async () => {
        await awaitDatabases(inner, job, { slot, signal: watch.signal, touch: watch.touch });
        // The age of its data is that of its walk.
        const walkedAt = job.set === null ? startedAt : inner.clock.now();
        return backupWork(inner, { runId, slot, startedAt: walkedAt, job, producer, watch });
      };
      return thenPrune(inner, job, { runId, database: null, signal, work: await underWatch(watch, backUp) });
    }),
  );
  return [report];
}
