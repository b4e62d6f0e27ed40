import { type Instant, instant } from "../instant.ts";
import type { Immutability } from "./storage-traits.ts";

/** What is known of how long a destination keeps what lies there. */
export interface Keeping {
  /** Null: what lies there can be removed at any time. */
  readonly immutability: Immutability | null;
  /** The last moment at which it kept less; null: never seen. */
  readonly weakerAt: Instant | null;
}

/** Why one copy cannot be removed or changed now, and until when at least; null: for ever, or nobody knows. */
export interface ImmutableCopy {
  readonly by: Immutability["by"];
  readonly until: Instant | null;
}

const dayMs = 86_400_000;

/**
 * Null: it can be removed. It is never said of a copy that was made before the storage kept so long, and its days are
 * counted from the start of the run, which is before its upload: so the storage keeps it a little longer than is said.
 */
export function immutableCopy(createdAt: Instant, keeping: Keeping, now: Instant): ImmutableCopy | null {
  const { immutability, weakerAt } = keeping;
  if (immutability === null || (weakerAt !== null && createdAt <= weakerAt)) return null;
  const { by, days } = immutability;
  const until = days === null ? null : instant(createdAt + days * dayMs);
  return until !== null && until <= now ? null : { by, until };
}
