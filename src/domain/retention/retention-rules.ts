import { isGoodBackup } from "../backups/good-backup.ts";
import type { KeepPolicy } from "../jobs/job.ts";
import { describeSize } from "../plain-words.ts";
import type { CalendarUnit, Zone } from "../zone.ts";
import type { RetainedBackup } from "./retention.ts";

const dayMs = 24 * 3_600_000;

const calendarRules = [
  { rule: "hourly", unit: "hour" },
  { rule: "daily", unit: "day" },
  { rule: "weekly", unit: "week" },
  { rule: "monthly", unit: "month" },
  { rule: "yearly", unit: "year" },
] as const satisfies readonly { readonly rule: keyof KeepPolicy; readonly unit: CalendarUnit }[];

/** Backups in order, newest first, none from the future; `good` are those that count for a rule. */
interface Candidates {
  readonly all: readonly RetainedBackup[];
  readonly good: readonly RetainedBackup[];
  readonly zone: Zone;
}

type Keep = (backup: RetainedBackup, reason: string) => void;

/** Why a backup is kept. */
export interface Choice {
  readonly reasons: readonly string[];
  /** True for what no policy can take away, and no limit of size either. */
  readonly isFloor: boolean;
}

/** What the rules want, by id, before any limit of size; a backup that is not in the answer is surplus. */
export function chooseByRules(
  newestFirst: readonly RetainedBackup[],
  policy: KeepPolicy,
  zone: Zone,
): ReadonlyMap<string, Choice> {
  const choices = new Map<string, { readonly reasons: string[]; readonly isFloor: boolean }>();
  const keepAs =
    (isFloor: boolean): Keep =>
    (backup, reason) => {
      const known = choices.get(backup.id);
      if (known) known.reasons.push(reason);
      else choices.set(backup.id, { reasons: [reason], isFloor });
    };
  const keep = keepAs(false);
  const whole = newestFirst.filter(isGoodBackup);
  const candidates = { all: newestFirst, good: whole.filter(({ isSuspect }) => !isSuspect), zone };
  keepFloors(candidates, policy, keepAs(true)); // first: a floor stays one whatever else keeps it
  if (ruleCount(policy) === 0) for (const backup of newestFirst) keep(backup, "no rule is set");
  keepByRules(candidates, policy, keep);
  // What is suspect stays for as long as if it counted, and takes no other's place.
  if (candidates.good.length < whole.length)
    keepByRules({ ...candidates, good: whole }, policy, (backup, reason) => {
      if (backup.isSuspect) keep(backup, reason);
    });
  return choices;
}

function keepByRules(candidates: Candidates, policy: KeepPolicy, keep: Keep): void {
  const { good, zone } = candidates;
  keepBySize(good, policy, keep);
  keepByAge(candidates, policy, keep);
  keepByCount(good, policy, keep);
  for (const { rule, unit } of calendarRules) {
    const wanted = policy[rule] ?? 0;
    const chosen = newestOfEach(good, wanted, (backup) => zone.bucketOf(backup.createdAt, unit));
    for (const [index, backup] of chosen.entries()) keep(backup, `${rule} ${index + 1} of ${wanted}`);
  }
}

/** What no policy can take away. */
function keepFloors({ all, good }: Pick<Candidates, "all" | "good">, policy: KeepPolicy, keep: Keep): void {
  const minimum = Math.max(1, policy.minimum);
  for (const [index, backup] of good.slice(0, minimum).entries()) {
    keep(backup, `newest good ${index + 1} of ${minimum}`);
  }
  keepProven({ all, good }, keep);
  for (const backup of all) if (backup.isHeld) keep(backup, "held");
  for (const backup of all)
    if (backup.isOfPoint === true) keep(backup, "in the newest restore point of which no backup lacks");
  const [newestGood] = good;
  const successors = newestGood === undefined ? all : all.slice(0, all.indexOf(newestGood));
  for (const backup of successors) keep(backup, "no newer good one exists");
}

/** One that is suspect does not take the place of the newest that is not: both stay. */
function keepProven({ all, good }: Pick<Candidates, "all" | "good">, keep: Keep): void {
  const proven = all.filter((backup) => backup.isProven);
  const newest = proven.find(isGoodBackup) ?? proven[0];
  const trusted = good.find((backup) => backup.isProven);
  for (const backup of new Set([newest, trusted])) if (backup) keep(backup, "newest proven");
}

/** Age counts from the newest good backup: when backups stop, expiry stops with them. */
function keepByAge({ all, good }: Candidates, policy: KeepPolicy, keep: Keep): void {
  const { days } = policy;
  const [newestGood] = good;
  if (days === null || newestGood === undefined) return;
  const oldestMs = newestGood.createdAt - days * dayMs;
  for (const backup of all) if (backup.createdAt >= oldestMs) keep(backup, `within ${days} days`);
}

function keepByCount(good: readonly RetainedBackup[], policy: KeepPolicy, keep: Keep): void {
  const last = Math.max(0, policy.last ?? 0);
  for (const [index, backup] of good.slice(0, last).entries()) keep(backup, `last ${index + 1} of ${last}`);
}

/** The first of each bucket, for the first `count` buckets. */
function newestOfEach(
  good: readonly RetainedBackup[],
  count: number,
  bucketOf: (backup: RetainedBackup) => number,
): readonly RetainedBackup[] {
  const chosen: RetainedBackup[] = [];
  for (let index = 0; chosen.length < count; index = endOfBucket(good, index, bucketOf)) {
    const newest = good[index];
    if (newest === undefined) break;
    chosen.push(newest);
  }
  return chosen;
}

/** Where the bucket of the one at `start` ends: by steps that double, then by halving, as buckets can be long. */
function endOfBucket(
  good: readonly RetainedBackup[],
  start: number,
  bucketOf: (backup: RetainedBackup) => number,
): number {
  const isInside = (index: number): boolean => {
    const [first, other] = [good[start], good[index]];
    return first !== undefined && other !== undefined && bucketOf(first) === bucketOf(other);
  };
  let inside = start;
  let step = 1;
  for (; isInside(inside + step); step *= 2) inside += step;
  let outside = inside + step;
  while (outside - inside > 1) {
    const middle = Math.floor((inside + outside) / 2);
    if (isInside(middle)) inside = middle;
    else outside = middle;
  }
  return outside;
}

/** Without a rule everything is kept, and there is nothing to prune. */
export function hasRule(policy: KeepPolicy): boolean {
  return ruleCount(policy) > 0;
}

function ruleCount({ minimum: _, ...rules }: KeepPolicy): number {
  return Object.values(rules).filter((rule) => rule !== null).length;
}

/** A size with no rule beside it is meant as one: everything good, as far as it goes. */
function keepBySize(good: readonly RetainedBackup[], policy: KeepPolicy, keep: Keep): void {
  if (policy.sizeBytes === null || ruleCount(policy) > 1) return;
  for (const backup of good) keep(backup, `within ${describeSize(policy.sizeBytes)}`);
}
