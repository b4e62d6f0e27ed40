import type { CopyRow, RetainedRow } from "../../catalog/catalog.ts";
import type { DestinationFacts, StoredFile } from "../../destinations/destination.ts";
import { type Instant, instant } from "../../domain/instant.ts";
import type { Context } from "../context.ts";
import { keepingOf } from "../note-look.ts";

/** What became of a removal that the storage refuses for now. */
export interface Retained {
  /** Null: nobody knows. */
  readonly until: Instant | null;
}

const dayMs = 86_400_000;

/** By the storage's own time of the file, which begins its days. Null: for ever, or nobody knows. */
export function retainedUntil(
  file: StoredFile | undefined,
  { immutability }: Pick<DestinationFacts, "immutability">,
): Instant | null {
  const days = immutability?.by === "object-lock" ? immutability.days : null;
  return file === undefined || days === null ? null : instant(Math.round(file.modifiedMs + days * dayMs));
}

/**
 * Whether, and until when, the storage has refused to remove a copy, as far as that still holds: after the day that it named
 * it may go like any other. A storage that nobody has asked yet, as after a rebuild, retains what its own lock says.
 */
export function retainedNow(context: Pick<Context, "catalog" | "clock">) {
  const known = new Map(context.catalog.retained().map((row) => [keyOf(row), row]));
  const keeping = keepingOf(context);
  const now = context.clock.now();
  return (copy: CopyRow, createdAt: Instant): Retained | null => {
    const row = known.get(keyOf(copy));
    if (row !== undefined && (row.until === null || row.until > now)) return { until: row.until };
    const locked = keeping(copy, createdAt);
    return locked?.by === "object-lock" ? { until: locked.until } : null;
  };
}

function keyOf({
  job,
  backupId,
  destination,
}: Pick<RetainedRow, "job" | "backupId" | "destination">): string {
  return `${job}\n${backupId}\n${destination}`;
}
