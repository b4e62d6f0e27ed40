import { isGoodBackup, type JudgedBackup } from "../backups/good-backup.ts";
import type { Instant } from "../instant.ts";
import type { KeepPolicy } from "../jobs/job.ts";
import { describeSize } from "../plain-words.ts";
import { createZone, type Zone } from "../zone.ts";
import { type ClockHistory, clockDoubt, clockToleranceMs } from "./retention-clock.ts";
import { type Choice, chooseByRules } from "./retention-rules.ts";
import { findOversize, type SizeNeed, shareSize, sizeNeed } from "./retention-size.ts";

/** What retention must know of a backup: all of one job, database and destination. */
export interface RetainedBackup extends JudgedBackup {
  readonly id: string;
  readonly createdAt: Instant;
  readonly isHeld: boolean;
  readonly isProven: boolean;
  /** The anomaly gate has flagged it, and nobody has accepted that: it never takes the place of another. */
  readonly isSuspect: boolean;
  /** It belongs to its set's newest restore point of which nothing lacks. Left out: it does not. */
  readonly isOfPoint?: boolean;
  /** The storage would refuse to remove it now, as far as is known. Left out: nothing tells that it would. */
  readonly retained?: { readonly until: Instant | null };
  readonly sizeBytes: number;
}

export interface RetentionInput<T extends RetainedBackup> extends ClockHistory {
  /** In any order. */
  readonly backups: readonly T[];
  readonly policy: KeepPolicy;
  /** IANA zone of the job: its days and weeks are counted. */
  readonly zone: string;
  /** The anomaly gate has flagged the newest backup. */
  readonly newestIsSuspect: boolean;
}

export interface Verdict<T extends RetainedBackup> {
  readonly backup: T;
  readonly verdict: "keep" | "remove";
  /** At least one, in words: "weekly 3 of 4", "older than 30 days". */
  readonly reasons: readonly string[];
}

/**
 * Says of each backup whether policy keeps it, newest first; decides nothing else and does nothing.
 * Only good backups (complete, whole, read back) count for a rule. Never removed, whatever the policy, the clock
 * or failures say: the newest `minimum` good ones (at least 1), the newest proven one, everything held, what belongs
 * to the newest restore point of which no backup lacks, everything that is not good until a newer good one exists. A doubtful clock or a
 * suspect newest backup removes nothing, and what is suspect counts for no rule of the others: it is kept beside them for as long.
 */
export function planRetention<T extends RetainedBackup>(input: RetentionInput<T>): readonly Verdict<T>[] {
  return judge(input, choose(input), input.policy.sizeBytes);
}

/**
 * Plans several rows of backups that share one limit of size: those of one job's databases at one destination.
 * Each is judged by itself, within its part of the limit (shareSize).
 */
export function planTogether<T extends RetainedBackup>(
  inputs: readonly RetentionInput<T>[],
): readonly (readonly Verdict<T>[])[] {
  const chosen = inputs.map(choose);
  const limitBytes = inputs[0]?.policy.sizeBytes ?? null;
  const needs = chosen.map(({ backups, choices }): SizeNeed => sizeNeed(backups, choices));
  const shares = limitBytes === null || needs.length < 2 ? null : shareSize(limitBytes, needs);
  return inputs.map((input, index) => {
    const own = chosen[index] ?? choose(input);
    return judge(input, own, shares === null ? limitBytes : (shares[index] ?? limitBytes));
  });
}

interface Chosen<T> {
  /** Newest first. */
  readonly backups: readonly T[];
  readonly choices: ReadonlyMap<string, Choice>;
}

const fromTheFuture: Choice = { reasons: ["dated in the future"], isFloor: true };

function choose<T extends RetainedBackup>(input: RetentionInput<T>): Chosen<T> {
  const backups = [...input.backups].sort(newestFirst);
  const present = backups.filter((backup) => !isFuture(backup, input));
  const choices = chooseByRules(present, input.policy, zoneNamed(input.zone));
  if (present.length === backups.length) return { backups, choices };
  const future = backups.slice(0, backups.length - present.length);
  return { backups, choices: new Map([...choices, ...future.map(({ id }) => [id, fromTheFuture] as const)]) };
}

function judge<T extends RetainedBackup>(
  input: RetentionInput<T>,
  { backups, choices }: Chosen<T>,
  limitBytes: number | null,
): readonly Verdict<T>[] {
  const over = limitBytes === null ? null : findOversize(backups, choices, limitBytes);
  const surplusOf = removalReasons(input.policy);
  const oversize = [describeOversize(limitBytes ?? 0, input.policy)];
  const block = blockOf(input);
  return backups.map((backup) => {
    const isOver = over?.has(backup.id) ?? false;
    const choice = isOver ? undefined : choices.get(backup.id);
    if (choice) return kept(backup, choice.reasons);
    if (block !== null) return kept(backup, [block]);
    return { backup, verdict: "remove", reasons: isOver ? oversize : surplusOf(backup) };
  });
}

/** A job's part of its limit is told beside the limit that the operator has set. */
function describeOversize(limitBytes: number, { sizeBytes }: KeepPolicy): string {
  const set = describeSize(sizeBytes ?? limitBytes);
  return limitBytes === sizeBytes || sizeBytes === null
    ? `no room in ${set}`
    : `no room in its ${describeSize(limitBytes)} of ${set}`;
}

/** Reading a zone's offsets costs more than a plan of a hundred backups; a simulation makes thousands. */
const zones = new Map<string, Zone>();

function zoneNamed(name: string): Zone {
  const zone = zones.get(name) ?? createZone(name);
  zones.set(name, zone);
  return zone;
}

/** "kept: weekly 3 of 4, newest proven" or "removed: older than 30 days". */
export function describeVerdict(verdict: Omit<Verdict<RetainedBackup>, "backup">): string {
  return `${verdict.verdict === "keep" ? "kept" : "removed"}: ${verdict.reasons.join(", ")}`;
}

/**
 * More than half of at least four would go at once: a sign of a mistaken policy, to be confirmed by a person. What the
 * storage retains does not go, however often it is tried, and hides nothing of what does.
 */
export function removesMost(verdicts: readonly Verdict<RetainedBackup>[]): boolean {
  const moved = verdicts.filter(({ verdict, backup }) => verdict === "keep" || backup.retained === undefined);
  const removed = moved.filter(({ verdict }) => verdict === "remove").length;
  return moved.length >= 4 && removed * 2 > moved.length;
}

function newestFirst(a: RetainedBackup, b: RetainedBackup): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

function blockOf(input: RetentionInput<RetainedBackup>): string | null {
  if (input.newestIsSuspect) return "the newest backup is suspect";
  const isAhead = input.backups.some((backup) => isFuture(backup, input));
  if (input.lastSeenNow === null && isAhead)
    return "a backup is dated in the future, and no run tells who is right";
  return clockDoubt(input);
}

function isFuture(backup: RetainedBackup, { now }: ClockHistory): boolean {
  return backup.createdAt > now + clockToleranceMs;
}

function kept<T extends RetainedBackup>(backup: T, reasons: readonly string[]): Verdict<T> {
  return { backup, verdict: "keep", reasons };
}

/** Made once for a plan: it may remove a hundred thousand. */
function removalReasons(policy: KeepPolicy): (backup: RetainedBackup) => readonly string[] {
  const damaged = ["damaged, and a newer good one exists"];
  const incomplete = ["incomplete, and a newer good one exists"];
  const surplus = [policy.days === null ? "no rule keeps it" : `older than ${policy.days} days`];
  const unread = ["never read back, and a newer good one exists"];
  return (backup) => {
    if (isGoodBackup(backup)) return surplus;
    if (!backup.isWhole) return damaged;
    return backup.outcome === "incomplete" ? incomplete : unread;
  };
}
