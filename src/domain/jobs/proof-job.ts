import { type BackupJob, type Job, leavesBackups, type ProofJob } from "./job.ts";

/** No job of the config can be called so: their names have no colon. */
function proofJobName(job: string): string {
  return `${job}:prove`;
}

/** Each job that is to be proven is followed by the job that proves it. */
export function withProofJobs(jobs: readonly Job[]): readonly Job[] {
  return jobs.flatMap((job) => {
    const proof = leavesBackups(job) ? proofJobOf(job) : null;
    return proof === null ? [job] : [job, proof];
  });
}

/** Null: the job is proven by hand only. */
export function proofJobOf(job: BackupJob): ProofJob | null {
  const { schedule, afterEach, timeoutMs } = job.prove;
  if (schedule === null && !afterEach) return null;
  return {
    kind: "proof",
    name: proofJobName(job.name),
    of: job.name,
    schedule,
    timezone: job.timezone,
    timeoutMs,
    maxAgeMs: null,
    graceMs: null,
    due: job.due,
  };
}

/** The jobs that `run --all` runs: proofs that follow each run of their job are not made twice. */
export function jobsOfAll(jobs: readonly Job[]): readonly Job[] {
  const followed = new Set(
    jobs.flatMap((job) => (leavesBackups(job) && job.prove.afterEach ? [proofJobName(job.name)] : [])),
  );
  return jobs.filter(({ name }) => !followed.has(name));
}
