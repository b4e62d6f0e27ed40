import { type Instant, instant } from "../instant.ts";
import { describeAge } from "../plain-words.ts";

export interface DrillFacts {
  readonly now: Instant;
  /** `prove.drill`: the newest proof with a key from the safe may be so old. */
  readonly drillMs: number;
  /** Since when the job is to be drilled: its first encrypted backup, or when it was first seen. */
  readonly knownSince: Instant;
  /** Recipients whose secret keys lie on this machine: a proof with one of them says nothing about the safe. */
  readonly here: readonly string[];
  /** Of the job, in any order. */
  readonly proofs: readonly {
    readonly at: Instant;
    readonly outcome: "proven" | "mismatch" | "failed";
    /** The recipient whose key decrypted it; null: not encrypted. */
    readonly openedBy: string | null;
  }[];
}

export interface DrillFinding {
  /** The newest proof with a key from the safe; null: there is none. */
  readonly lastDrillAt: Instant | null;
  readonly isOverdue: boolean;
  /** Since when it is overdue; null: it is not. */
  readonly overdueSince: Instant | null;
  /** For people: half a sentence. */
  readonly message: string;
}

/**
 * Whether somebody has shown lately that the key in the safe still opens the backups. Only a proof that ended "proven" counts, and
 * only one whose key does not lie on this machine. One that is dated in the future counts for nothing.
 */
export function judgeDrill({ now, drillMs, knownSince, here, proofs }: DrillFacts): DrillFinding {
  const drills = proofs.filter(
    ({ at, outcome, openedBy }) =>
      outcome === "proven" && openedBy !== null && !here.includes(openedBy) && at <= now,
  );
  const lastDrillAt = drills.reduce<Instant | null>(
    (newest, { at }) => (newest === null || at > newest ? at : newest),
    null,
  );
  const dueMs = (lastDrillAt ?? knownSince) + drillMs;
  const isOverdue = now > dueMs;
  const allowed = `allowed are ${describeAge(drillMs)}`;
  const message =
    lastDrillAt === null
      ? `no backup was ever proven with the key from the safe, ${allowed}`
      : `its newest proof with the key from the safe is ${describeAge(now - lastDrillAt)} old, ${allowed}`;
  return { lastDrillAt, isOverdue, overdueSince: isOverdue ? instant(dueMs) : null, message };
}
