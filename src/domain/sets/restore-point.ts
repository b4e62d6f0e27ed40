import { formatInstant, type Instant, parseInstant } from "../instant.ts";
import { formatTimestamp } from "../timestamp.ts";

/** What a backup's manifest says of the set that its job belongs to. Times are ISO 8601, UTC. */
export interface SetFacts {
  readonly name: string;
  /** Of a database's backup: when its snapshot was taken, by the clock of the host that ran it. */
  readonly snapshotAt?: string;
  /** Of a capsule: what it belongs to. */
  readonly point?: RestorePoint;
}

/** A capsule and the database backups that it was packed after: what is restored together. */
export interface RestorePoint {
  /** The set's name and the moment of the oldest snapshot: "nightly_20261123T020001Z". */
  readonly id: string;
  readonly members: readonly PointMember[];
  /** Between these the files were looked at and read. */
  readonly walk: { readonly startedAt: string; readonly finishedAt: string };
  /** From the oldest snapshot to the end of the walk; null where no database belongs to it. */
  readonly driftMs: number | null;
}

/** A database of the set. */
export interface PointMember {
  readonly job: string;
  /** Null: the run failed before it knew its databases. */
  readonly database: string | null;
  /** Null: this point lacks it; `reason` says why. */
  readonly backup: string | null;
  readonly snapshotAt: string | null;
  readonly reason: string | null;
}

/** What is known of a database of the set when a capsule is about to be packed. */
export interface SetDatabase {
  readonly job: string;
  readonly database: string | null;
  readonly newest: { readonly id: string; readonly createdAt: Instant; readonly snapshotAt: string } | null;
  /** The last one that has ended and was not skipped. */
  readonly lastRun: {
    readonly runId: string;
    readonly startedAt: Instant;
    readonly isFailed: boolean;
  } | null;
  /** The newest planned moment that has passed; null: the job runs by hand only. */
  readonly lastDue: Instant | null;
}

/**
 * The newest backup of a database belongs to the point, unless there should be a newer one: then the point lacks it,
 * since an older one would pass for tonight's.
 */
export function memberOf(known: SetDatabase): PointMember {
  const { job, database, newest, lastRun, lastDue } = known;
  const lacking = (reason: string) => ({ job, database, backup: null, snapshotAt: null, reason });
  const madeAt = newest?.createdAt ?? Number.NEGATIVE_INFINITY;
  if (lastRun?.isFailed === true && lastRun.startedAt > madeAt)
    return lacking(`its run ${lastRun.runId} failed`);
  if (newest === null) return lacking("it has no backup yet");
  if (lastDue !== null && newest.createdAt < lastDue)
    return lacking(`its slot of ${formatInstant(lastDue)} has left no backup; the newest is ${newest.id}`);
  return { job, database, backup: newest.id, snapshotAt: newest.snapshotAt, reason: null };
}

/** Moments of a walk, as the clock told them. */
export interface Walk {
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
}

/**
 * Named after its oldest snapshot, or after the walk where there is none; the drift runs from there to the walk's
 * end.
 */
export function restorePoint(set: string, members: readonly PointMember[], walk: Walk): RestorePoint {
  const oldest = oldestSnapshot(members);
  return {
    id: `${set}_${formatTimestamp(oldest ?? walk.startedAt)}`,
    members,
    walk: { startedAt: formatInstant(walk.startedAt), finishedAt: formatInstant(walk.finishedAt) },
    driftMs: oldest === null ? null : walk.finishedAt - oldest,
  };
}

/** Null where no database belongs to the point. */
export function oldestSnapshot(members: readonly PointMember[]): Instant | null {
  const moments = members.flatMap(({ snapshotAt }) => {
    const at = snapshotAt === null ? null : parseInstant(snapshotAt);
    return at === null ? [] : [at];
  });
  return moments.length === 0 ? null : (moments.toSorted((a, b) => a - b)[0] ?? null);
}
