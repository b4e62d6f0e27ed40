import { isGoodBackup, type JudgedBackup } from "./good-backup.ts";
import type { Instant } from "./instant.ts";
import type { KeepPolicy } from "./job.ts";
import { type ClockHistory, clockDoubt, clockToleranceMs } from "./retention-clock.ts";
import { keepReasons } from "./retention-rules.ts";
import { createZone } from "./zone.ts";

/** What retention must know of a backup: all of one job, database and destination. */
export interface RetainedBackup extends JudgedBackup {
  readonly id: string;
  readonly createdAt: Instant;
  readonly isHeld: boolean;
  readonly isProven: boolean;
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
 * or failures say: the newest `minimum` good ones (at least 1), the newest proven one, everything held,
 * everything that is not good until a newer good one exists. A doubtful clock or a suspect newest backup
 * removes nothing.
 */
export function planRetention<T extends RetainedBackup>(input: RetentionInput<T>): readonly Verdict<T>[] {
  const backups = [...input.backups].sort(newestFirst);
  const present = backups.filter((backup) => !isFuture(backup, input));
  const byRule = keepReasons(present, input.policy, createZone(input.zone));
  const removalOf = removalReasons(input.policy);
  const block = blockOf(input);
  return backups.map((backup) => {
    if (isFuture(backup, input)) return kept(backup, ["dated in the future"]);
    const reasons = byRule.get(backup.id) ?? [];
    if (reasons.length > 0) return kept(backup, reasons);
    if (block !== null) return kept(backup, [block]);
    return { backup, verdict: "remove", reasons: removalOf(backup) };
  });
}

/** "kept: weekly 3 of 4, newest proven" or "removed: older than 30 days". */
export function describeVerdict(verdict: Omit<Verdict<RetainedBackup>, "backup">): string {
  return `${verdict.verdict === "keep" ? "kept" : "removed"}: ${verdict.reasons.join(", ")}`;
}

/** More than half of at least four would go at once: a sign of a mistaken policy, to be confirmed by a person. */
export function removesMost(verdicts: readonly Verdict<RetainedBackup>[]): boolean {
  const removed = verdicts.filter((verdict) => verdict.verdict === "remove").length;
  return verdicts.length >= 4 && removed * 2 > verdicts.length;
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
