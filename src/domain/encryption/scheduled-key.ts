import type { BackupJob } from "../jobs/job.ts";

/** What to do about proofs that run by themselves, and have no key. */
export function keyForProofs(job: string): string {
  return `Set prove.identityFile of job ${job}, or prove by hand: codex-backup prove --job ${job} --latest --identity FILE.`;
}

/** Why the proofs that a job makes by itself cannot open its backups; null: they can, or it makes none. */
export function describeLackingKey({
  encrypt,
  prove: { schedule, afterEach, identityFile },
}: Pick<BackupJob, "encrypt" | "prove">): string | null {
  if (encrypt === null || identityFile !== null || (schedule === null && !afterEach)) return null;
  const when = schedule === null ? "after each run" : `at "${schedule}"`;
  return `its proofs ${when} will fail: it is encrypted, and there is no prove.identityFile`;
}
