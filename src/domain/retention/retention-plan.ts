import type { Instant } from "../instant.ts";
import type { KeepPolicy } from "../jobs/job.ts";
import { nextSlot, type Schedule } from "../slots/schedule.ts";
import {
  planTogether,
  type RetainedBackup,
  type RetentionInput,
  removesMost,
  type Verdict,
} from "./retention.ts";

/** One backup at one destination, as retention sees it. */
export interface PlannedCopy extends RetainedBackup {
  readonly destination: string;
  readonly database: string | null;
}

/** A run of a job and database, as far as retention learns from it whether the clock is right. */
export interface PastRun {
  readonly startedAt: Instant;
  /** Null for the one that is at it now. */
  readonly finishedAt: Instant | null;
  readonly isComplete: boolean;
  /** Closed by whoever noticed, at that moment: only its start was seen by itself. */
  readonly isDead: boolean;
}

/** So many of the newest runs are looked at. */
export const runsLookedAt = 50;

/** What a job's retention goes by. */
export interface JobRetention {
  readonly now: Instant;
  /** The job's zone. */
  readonly zone: string;
  /** Null for a job that runs by hand. */
  readonly schedule: Schedule | null;
  policyAt(destination: string): KeepPolicy;
  /** Last started first, at most `runsLookedAt`; with the one that is at it now, when one is. */
  runsOf(database: string | null): readonly PastRun[];
  /** The anomaly gate has flagged the newest backup. */
  newestIsSuspect(database: string | null): boolean;
}

/**
 * The verdicts of a job's copies, a list for each destination and database: each such row is judged by itself,
 * but databases at one destination share its limit of size. `prune`, the pruning after a run and `simulate` all
 * come here.
 */
export function planCopies<T extends PlannedCopy>(
  copies: readonly T[],
  retention: JobRetention,
): readonly (readonly Verdict<T>[])[] {
  const byPlace = Map.groupBy(copies, (copy) => copy.destination);
  return [...byPlace].flatMap(([destination, here]) => {
    const rows = Map.groupBy(here, (copy) => copy.database);
    return planTogether([...rows].map((row) => inputOf(row, destination, retention)));
  });
}

/**
 * The verdicts of one database's copies, as the run that has just backed it up prunes them: a list for each
 * destination. Copies of the job's other databases are only looked at where a limit of size is shared.
 */
export function planDatabase<T extends PlannedCopy>(
  copies: readonly T[],
  database: string | null,
  retention: JobRetention,
): readonly (readonly Verdict<T>[])[] {
  const own = copies.filter((copy) => copy.database === database);
  const isShared = own.some(({ destination }) => retention.policyAt(destination).sizeBytes !== null);
  return planCopies(isShared ? copies : own, retention)
    .map((plan) => plan.filter(({ backup }) => backup.database === database))
    .filter((plan) => plan.length > 0);
}

export interface Consented<T extends PlannedCopy> {
  readonly verdicts: readonly Verdict<T>[];
  /** Plans that would remove more than half: nobody is there to say yes, so that all of it stays. */
  readonly refused: readonly (readonly Verdict<T>[])[];
}

/** What may be carried out when no person is asked. */
export function withoutMost<T extends PlannedCopy>(plans: readonly (readonly Verdict<T>[])[]): Consented<T> {
  return {
    verdicts: plans.filter((plan) => !removesMost(plan)).flat(),
    refused: plans.filter(removesMost),
  };
}

function inputOf<T extends PlannedCopy>(
  [database, backups]: readonly [string | null, readonly T[]],
  destination: string,
  retention: JobRetention,
): RetentionInput<T> {
  const { now, zone, schedule } = retention;
  const runs = retention.runsOf(database);
  const finished = runs.find((run) => run.finishedAt !== null);
  const usualIntervalMs = schedule === null ? null : intervalOf(schedule, now);
  return {
    backups,
    policy: retention.policyAt(destination),
    zone,
    newestIsSuspect: retention.newestIsSuspect(database),
    now,
    lastSeenNow: finished ? lastMomentOf(finished) : null,
    goodRunsAt: runs.filter((run) => run.isComplete).map((run) => run.startedAt),
    ...(usualIntervalMs === null ? {} : { usualIntervalMs }),
  };
}

function lastMomentOf({ startedAt, finishedAt, isDead }: PastRun): Instant {
  return isDead ? startedAt : (finishedAt ?? startedAt);
}

function intervalOf(schedule: Schedule, now: Instant): number | null {
  const first = nextSlot(schedule, now);
  const second = first === null ? null : nextSlot(schedule, first);
  return first === null || second === null ? null : second - first;
}
