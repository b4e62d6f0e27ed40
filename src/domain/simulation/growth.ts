import type { Instant } from "../instant.ts";

const dayMs = 86_400_000;

interface Sized {
  readonly createdAt: Instant;
  readonly sizeBytes: number;
}

/** How large the next backups of a job and database will be, as far as its own history tells. */
export interface Growth {
  /** Of the newest one. */
  readonly sizeBytes: number;
  /** The median of its steps; 0 when there are too few to tell. May be below zero. */
  readonly bytesPerDay: number;
  readonly steps: number;
  readonly since: Instant;
}

/** So few steps could be anything. */
const leastSteps = 2;

/** Null without a backup. */
export function growthOf(backups: readonly Sized[]): Growth | null {
  const ordered = [...backups].sort((a, b) => a.createdAt - b.createdAt);
  const newest = ordered.at(-1);
  if (newest === undefined) return null;
  const steps = ordered.slice(1).flatMap((one, index) => {
    const before = ordered[index];
    const days = before === undefined ? 0 : (one.createdAt - before.createdAt) / dayMs;
    return before === undefined || days <= 0 ? [] : [(one.sizeBytes - before.sizeBytes) / days];
  });
  const bytesPerDay = steps.length < leastSteps ? 0 : median(steps);
  return { sizeBytes: newest.sizeBytes, bytesPerDay, steps: steps.length, since: newest.createdAt };
}

/** Whole bytes, never below zero. */
export function sizeAt({ sizeBytes, bytesPerDay, since }: Growth, at: Instant): number {
  const days = Math.max(0, at - since) / dayMs;
  return Math.max(0, Math.round(sizeBytes + days * bytesPerDay));
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] =
    sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1);
  return (low + high) / 2;
}
