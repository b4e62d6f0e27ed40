import { describeAge } from "../plain-words.ts";

/** The states of monitoring plugins, by their exit status. */
export const checkStates = ["OK", "WARNING", "CRITICAL", "UNKNOWN"] as const;

export type CheckState = (typeof checkStates)[number];

/** What `check` knows of one job. */
export interface CheckedJob {
  /** "database", or "database (codexdb)". */
  readonly label: string;
  readonly leavesBackups: boolean;
  readonly healthy: boolean;
  /** Of `status`: why. */
  readonly reason: string;
  /** True when that is told by how old the newest backup is, or by its last run: then limits may speak instead. */
  readonly isAboutAge: boolean;
  /** Of the newest good backup; null when there is none. */
  readonly ageMs: number | null;
  /** What somebody should look at although the job is well; half sentences. */
  readonly concerns: readonly string[];
  /** One of them is that no good copy of the newest backup is left. */
  readonly isGrave: boolean;
}

export interface CheckLimits {
  readonly warningMs: number | null;
  readonly criticalMs: number | null;
}

export interface CheckVerdict {
  readonly state: CheckState;
  /** Half a sentence; null when all is well. */
  readonly words: string | null;
}

/**
 * Without limits, what `status` says: unhealthy is critical. With limits, the age of the newest good backup decides
 * where it can; an unhealthy job is then at least a warning, and a backup that nobody has seen yet is unknown. A
 * concern is a warning, a grave one critical.
 */
export function judgeJob(job: CheckedJob, limits: CheckLimits): CheckVerdict {
  const verdict = judgeHealth(job, limits);
  const isWell = verdict.state === "OK" || verdict.state === "WARNING";
  if ((!isWell && !job.isGrave) || job.concerns.length === 0) return verdict;
  const words = [...(verdict.words === null ? [] : [verdict.words]), ...job.concerns];
  return { state: job.isGrave ? "CRITICAL" : "WARNING", words: words.join("; ") };
}

function judgeHealth(job: CheckedJob, { warningMs, criticalMs }: CheckLimits): CheckVerdict {
  const { healthy, reason, ageMs } = job;
  const isLimited = job.leavesBackups && (warningMs !== null || criticalMs !== null);
  if (!isLimited || (!healthy && !job.isAboutAge))
    return healthy ? { state: "OK", words: null } : { state: "CRITICAL", words: reason };
  if (ageMs === null) {
    return healthy
      ? { state: "UNKNOWN", words: "has no good backup yet" }
      : { state: "CRITICAL", words: reason };
  }
  const told = `its newest good backup is ${describeAge(ageMs)} old`;
  if (criticalMs !== null && ageMs > criticalMs) return { state: "CRITICAL", words: told };
  if (warningMs !== null && ageMs > warningMs) return { state: "WARNING", words: told };
  return healthy ? { state: "OK", words: null } : { state: "WARNING", words: reason };
}

/** The worst, as monitoring orders them: critical before warning before unknown before ok. */
export function worstState(states: readonly CheckState[]): CheckState {
  const order = ["CRITICAL", "WARNING", "UNKNOWN"] as const;
  return order.find((state) => states.includes(state)) ?? "OK";
}
