import type { CopyRow } from "../../catalog/catalog.ts";
import type { CheckReceipt } from "../../domain/backups/check-receipt.ts";
import type { ReadBack } from "../../domain/copies/read-back.ts";
import { type Instant, parseInstant } from "../../domain/instant.ts";
import { highest, type Level, reaches } from "../../domain/level.ts";
import { damagedCopy } from "../beside.ts";
import type { VerifyLevel } from "../operation.ts";

/** What a check of one copy saw, and what was known of the copy before. */
export interface Seen {
  readonly level: VerifyLevel;
  readonly readBack: ReadBack | null;
  readonly differences: readonly string[];
  readonly at: Instant;
  /** The catalog's row; null when it has none. */
  readonly before: CopyRow | null;
  /** The row as the destination alone tells it. */
  readonly told: CopyRow;
  readonly receipt: CheckReceipt | null;
}

export interface Judged {
  readonly copy: CopyRow;
  readonly differences: readonly string[];
  /** Whether this check says something that a receipt must keep; of damage, how deep a check must go to clear it. */
  readonly receipt: { readonly foundAt: Level | null } | null;
}

/**
 * What is known after a check. Damage stands until a check that goes as deep as the one that found it finds
 * none: sizes that agree say nothing about bytes that did not. A look at sizes raises and dates nothing.
 */
export function judgeCheck(seen: Seen): Judged {
  const { level, readBack, differences, at, told } = seen;
  const before = isGone(seen.before) ? null : seen.before;
  const damagedAt = depthOfDamage(before ?? told, seen.receipt);
  const base: CopyRow = { ...(before ?? told), destinationId: told.destinationId };
  const [first] = differences;
  if (first !== undefined) {
    const copy = damagedCopy({ ...base, readBack, checkedAt: at }, first);
    return { copy, differences, receipt: { foundAt: highest([damagedAt ?? "unknown", level]) } };
  }
  if (damagedAt !== null && !reaches(level, damagedAt)) {
    const copy =
      base.state === "damaged" ? base : damagedCopy({ ...base, readBack: null }, standing(damagedAt));
    return { copy, differences: [standing(damagedAt)], receipt: null };
  }
  if (damagedAt !== null) {
    const copy: CopyRow = { ...base, state: "whole", level, readBack, checkedAt: at, failure: null };
    return { copy, differences, receipt: { foundAt: null } };
  }
  if (level === "stored") return { copy: base, differences, receipt: null };
  const copy: CopyRow = { ...base, level: highest([base.level, level]), readBack, checkedAt: at };
  return { copy, differences, receipt: { foundAt: null } };
}

/** Its manifest was gone or unreadable, which is over when it can be read: of the files it said nothing. */
function isGone(before: CopyRow | null): boolean {
  return before?.state === "missing" || before?.failure?.code === "backup.manifest";
}

/**
 * Null when no damage is known. Damage of which nobody wrote down how it was found takes the deepest check; what only
 * a restore could see, only another one clears.
 */
function depthOfDamage(before: CopyRow, receipt: CheckReceipt | null): Level | null {
  if (before.failure?.code === "proof.mismatch") return "proven";
  const isDamaged = before.state === "damaged";
  const receiptAt = receipt === null ? null : parseInstant(receipt.checkedAt);
  const { checkedAt } = before;
  // A check that cleared it is newer when its own receipt could not be written.
  const isOutdated = !isDamaged && checkedAt !== null && receiptAt !== null && checkedAt > receiptAt;
  const told = receipt?.level === "unknown" && !isOutdated ? (receipt.foundAt ?? "read") : null;
  if (!isDamaged || (told !== null && checkedAt === receiptAt)) return told;
  return "read";
}

function standing(damagedAt: Level): string {
  const how = damagedAt === "proven" ? "a proof" : "an earlier check";
  const clears = damagedAt === "proven" ? "codex-backup prove" : `one with --level ${damagedAt}`;
  return `${how} found damage; only ${clears} can clear it`;
}
