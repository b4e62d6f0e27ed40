import { Failure } from "../../domain/failure.ts";
import { type BackupJob, type CapsuleJob, leavesBackups } from "../../domain/jobs/job.ts";
import type { ListedMember, ListedPoint } from "../../domain/sets/point-report.ts";
import type { PointMember, RestorePoint } from "../../domain/sets/restore-point.ts";
import type { Context } from "../context.ts";
import { isGood } from "../list.ts";

/** Newest first, of each capsule job of the set at most `limit`. From the catalog alone. Throws "usage.invalid-value" for an unknown set. */
export function listPoints(
  context: Context,
  { set, limit }: { readonly set: string; readonly limit: number },
): readonly ListedPoint[] {
  const points = capsulesOf(context, set).flatMap((job) => pointsOf(context, job, limit));
  return points.toSorted((a, b) => (a.walk.startedAt < b.walk.startedAt ? 1 : -1));
}

/** So many of the newest capsules are looked at for a point of which nothing lacks: first few, since long lists are in them. */
const lookedAt = [2, 30] as const;

/** The backups of a job that belong to the newest point of which nothing lacks; empty for a job without a set. */
export function newestWholePoint(context: Context, job: BackupJob): ReadonlySet<string> {
  if (job.set === null) return new Set();
  const newest = findWhole(context, job.set);
  if (newest === null) return new Set();
  const { capsule, members } = newest;
  const ids = [capsule, ...members].flatMap((one) => (one.job === job.name ? [one.backup] : []));
  return new Set(ids.filter((id) => id !== null));
}

function findWhole(context: Context, set: string): ListedPoint | null {
  const isWhole = ({ members, capsule }: ListedPoint) =>
    capsule.isThere && members.length > 0 && members.every(({ isThere }) => isThere);
  for (const limit of lookedAt) {
    const found = listPoints(context, { set, limit }).find(isWhole);
    if (found) return found;
  }
  return null;
}

function capsulesOf({ jobs }: Pick<Context, "jobs">, set: string): readonly CapsuleJob[] {
  const members = jobs.filter(leavesBackups).filter((job) => job.set === set);
  if (members.length > 0) return members.filter((job) => job.kind === "capsule");
  const sets = new Set(jobs.filter(leavesBackups).flatMap((job) => job.set ?? []));
  const known = sets.size === 0 ? "none" : [...sets].map((name) => `"${name}"`).join(", ");
  throw new Failure("usage.invalid-value", `Cannot find set "${set}": the config has ${known}`, {
    hint: "Name one of these sets, or give jobs the key set.",
  });
}

function pointsOf(context: Context, job: CapsuleJob, limit: number): readonly ListedPoint[] {
  return context.catalog.inSets(job.name, limit).flatMap(({ id, set, references }) => {
    if (set?.point === undefined) return [];
    const capsule = { job: job.name, backup: id, isThere: isThere(context, job.name, id) };
    return [listed(context, { set: set.name, point: set.point, capsule, references })];
  });
}

interface Found extends Pick<ListedPoint, "set" | "capsule" | "references"> {
  readonly point: RestorePoint;
}

function listed(context: Context, { set, point, capsule, references }: Found): ListedPoint {
  const members = point.members.map((member) => listedMember(context, member));
  const isNothingMissing = (references?.queries ?? []).every(
    ({ unchecked, missing }) => unchecked === null && missing.count === 0,
  );
  const isWhole = capsule.isThere && members.every((member) => member.isThere) && isNothingMissing;
  return { ...point, set, isWhole, members, capsule, references };
}

function listedMember(context: Context, member: PointMember): ListedMember {
  const { job, database, backup, snapshotAt, reason } = member;
  const isKnown = backup !== null && isThere(context, job, backup);
  return { job, database, backup, snapshotAt, reason, isThere: isKnown };
}

function isThere({ catalog }: Context, job: string, id: string): boolean {
  const row = catalog.backup(job, id);
  return row !== null && isGood(row);
}
