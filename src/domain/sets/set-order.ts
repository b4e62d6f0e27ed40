import { type Job, leavesBackups } from "../jobs/job.ts";

/** The same jobs, but each capsule after the last database of its set; nothing else changes its place. */
export function inSetOrder<T extends Job>(jobs: readonly T[]): readonly T[] {
  const setOf = (job: Job) => (leavesBackups(job) ? job.set : null);
  const ordered: T[] = [];
  const held = new Map<string, T[]>();
  for (const [index, job] of jobs.entries()) {
    const set = setOf(job);
    const isAwaited = jobs
      .slice(index + 1)
      .some((other) => other.kind === "postgres" && setOf(other) === set);
    if (set !== null && job.kind === "capsule" && (isAwaited || held.has(set))) {
      held.set(set, [...(held.get(set) ?? []), job]);
      continue;
    }
    ordered.push(job);
    const isLast = job.kind === "postgres" && !isAwaited;
    if (set === null || !isLast) continue;
    ordered.push(...(held.get(set) ?? []));
    held.delete(set);
  }
  return ordered;
}
