/** One number of each earlier backup, newest first; `accepted` are those that somebody has looked at and taken. */
export interface PastValues {
  readonly values: readonly number[];
  readonly accepted: readonly number[];
}

/** With fewer earlier backups nobody can say what is usual: only what is gross is told. */
export const enoughHistory = 3;

/**
 * What is usual is the middle of the newest five: a lone odd night does not move it, and a database that grows is
 * compared with what it was this week, not a month ago.
 */
const recently = 5;

/** The usual value of late. */
export function usualOf({ values }: PastValues): number {
  return medianOf(values.slice(0, recently));
}

/**
 * Below this a value has fallen. 60 % of what is usual: half is found even where growth of 5 % a day has already
 * lifted the newest above the usual, and a third less, as after a night of cleaning, is not. 70 % of the lowest of
 * late: what swings from night to night is judged by how low it swings. Whatever was accepted may come again.
 */
export function lowestExpected(past: PastValues): number {
  const lowest = Math.min(...past.values.slice(0, recently));
  return Math.min(0.6 * usualOf(past), 0.7 * lowest, ...past.accepted.map((value) => 0.7 * value));
}

/** Above this a value has leapt: three times of what is usual, of the highest of late, and of what was accepted. */
export function highestExpected(past: PastValues): number {
  return 3 * Math.max(usualOf(past), ...past.values.slice(0, recently), ...past.accepted);
}

/** Of an even count the lower one of the middle; 0 of nothing. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
