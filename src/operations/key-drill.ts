import { judgeDrill } from "../domain/encryption/key-drill.ts";
import { Failure } from "../domain/failure.ts";
import type { JobConcern } from "../domain/health/status-report.ts";
import { formatInstant } from "../domain/instant.ts";
import { type Job, leavesBackups } from "../domain/jobs/job.ts";
import type { Context } from "./context.ts";
import { identitiesHere } from "./custody/key-store.ts";

/** Whether somebody should prove a backup with the key from the safe: at most one concern, of encrypted jobs alone. */
export async function drillConcerns(context: Context, job: Job): Promise<readonly JobConcern[]> {
  if (!leavesBackups(job) || job.encrypt === null || job.prove.drillMs === null) return [];
  const now = context.clock.now();
  const { isOverdue, overdueSince, message } = judgeDrill({
    now,
    drillMs: job.prove.drillMs,
    knownSince: context.catalog.knownSince(job.name, now),
    here: [...(await identitiesHere(context)), ...(await recipientsOf(context, job.prove.identityFile))],
    proofs: context.catalog.proofs({ job: job.name }),
  });
  if (!isOverdue) return [];
  const nextStep = `codex-backup prove --job ${job.name} --latest --identity FILE`;
  return [
    { kind: "key", message, nextStep, since: overdueSince === null ? null : formatInstant(overdueSince) },
  ];
}

/** One that cannot be opened proves nothing; doctor tells of it. */
async function recipientsOf({ encryption }: Context, path: string | null): Promise<readonly string[]> {
  try {
    return path === null ? [] : (await encryption.openIdentities(path)).recipients;
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}
