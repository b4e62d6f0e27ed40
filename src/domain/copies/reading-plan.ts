import type { Instant } from "../instant.ts";

/** How much of the copies is read each day, so that each of them is read within a number of days. */
export interface ReadingSettings {
  /** Null: as much as there is. */
  readonly budgetBytes: number | null;
  /** Each copy is to be read at least once in so long; null: nothing is promised. */
  readonly withinMs: number | null;
  /** Five cron fields; null: only by hand. */
  readonly schedule: string | null;
  /** IANA zone of the schedule and of the budget's days. */
  readonly timezone: string;
}

/** A copy whose turn may have come. */
export interface ReadableCopy {
  readonly sizeBytes: number;
  /** When all of it was last read; of one that never was, when it was made. */
  readonly readAt: Instant;
}

export interface ReadingDay {
  readonly budgetBytes: number;
  /** Of the day's budget, what was used up before. */
  readonly usedBytes: number;
}

/**
 * The copies to read now, longest unread first, as many as fit into what is left of the day. One that is larger than a whole
 * day's budget is read on a day on which nothing was read yet: else it never would be.
 */
export function planReading<T extends ReadableCopy>(
  copies: readonly T[],
  { budgetBytes, usedBytes }: ReadingDay,
): readonly T[] {
  let used = usedBytes;
  const chosen: T[] = [];
  for (const copy of longestUnreadFirst(copies)) {
    const isFirst = used === 0 && copy.sizeBytes > budgetBytes;
    if (!isFirst && used + copy.sizeBytes > budgetBytes) continue;
    chosen.push(copy);
    used += copy.sizeBytes;
  }
  return chosen;
}

/** Stable, so that every day goes on where the one before has stopped. */
export function longestUnreadFirst<T extends ReadableCopy>(copies: readonly T[]): readonly T[] {
  return copies.toSorted((a, b) => a.readAt - b.readAt);
}

const dayMs = 86_400_000;

/**
 * The budget that reads all of the copies in time; null: this one does. It counts whole copies: what does not fit any more
 * into the rest of a day waits, so that less than the budget is read on some.
 */
export function budgetNeeded(
  copies: readonly Pick<ReadableCopy, "sizeBytes">[],
  { budgetBytes, withinMs }: { readonly budgetBytes: number; readonly withinMs: number },
): number | null {
  const days = Math.max(1, Math.floor(withinMs / dayMs));
  const total = copies.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const needed = Math.ceil(total / days);
  return needed > budgetBytes ? needed : null;
}
