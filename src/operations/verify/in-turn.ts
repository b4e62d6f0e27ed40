import type { BackupRow, CopyRow } from "../../catalog/catalog.ts";
import type { ReadingReport, VerifyReport } from "../../domain/backups/verify-report.ts";
import { budgetNeeded, longestUnreadFirst, planReading } from "../../domain/copies/reading-plan.ts";
import { formatInstant, type Instant, instant } from "../../domain/instant.ts";
import { reaches } from "../../domain/level.ts";
import { instantOfWall, wallTime, wallTimeOf } from "../../domain/local-time.ts";
import type { Context } from "../context.ts";
import type { VerifyInTurnOptions, VerifyInTurnReport } from "../operation.ts";
import { openIdentity } from "../restore/unseal.ts";
import { type AwayPlace, type SeenPlace, seePlace } from "./candidates.ts";
import { failedReport, verifyCopy } from "./verify.ts";

/** A copy whose turn may have come. */
interface Turn {
  readonly row: BackupRow;
  readonly copy: CopyRow;
  readonly sizeBytes: number;
  readonly readAt: Instant;
}

/**
 * Reads the whole copies whose reading is longest ago, across all destinations, until the day's budget is used up; what was
 * read on this day before counts. A destination that is away costs nothing of it and is told once. A copy that is known to
 * be damaged is not read again: nothing is learned from that until somebody has mended it.
 */
export async function verifyInTurn(
  context: Context,
  options: VerifyInTurnOptions,
): Promise<VerifyInTurnReport> {
  const { catalog } = context;
  const { budgetBytes, level, signal } = options;
  const dayStart = startOfDay(context.clock.now(), context.reading.timezone);
  const passes = level === "read" ? 2 : 1; // its hash first, then its content
  const turns = turnsOf(catalog.backups(), level === "stored" ? 0 : passes);
  const places = await placesOf(context, turns, signal);
  const reachable = turns.filter(({ copy }) => places.get(copy.destination)?.kind === "seen");
  const usedBytes = catalog.bytesReadSince(dayStart);
  const chosen =
    budgetBytes === null ? longestUnreadFirst(reachable) : planReading(reachable, { budgetBytes, usedBytes });
  const decryptor = await openIdentity(context, options.identity ?? null);
  const checks: VerifyReport[] = awayReports(places, turns);
  let readBytes = 0;
  for (const { row, copy, sizeBytes } of chosen) {
    signal.throwIfAborted();
    const place = places.get(copy.destination);
    if (place?.kind !== "seen") continue;
    const candidate = { id: row.id, place, known: { job: row.job, createdAt: row.createdAt } };
    const report = await verifyCopy(context, candidate, {
      backups: [],
      level,
      sinceMs: null,
      signal,
      decryptor,
    });
    if (report === null) continue;
    checks.push(report);
    if (report.outcome === "failed") continue;
    catalog.addRead(context.clock.now(), sizeBytes);
    readBytes += sizeBytes;
  }
  const usedNow = usedBytes + readBytes;
  return { checks, reading: describeReading(context, { budgetBytes, readBytes, usedBytes: usedNow }) };
}

/** Of the copies that there are now. */
function describeReading(
  { catalog, clock, reading }: Context,
  read: Pick<ReadingReport, "budgetBytes" | "readBytes" | "usedBytes">,
): ReadingReport {
  const turns = turnsOf(catalog.backups());
  const { withinMs } = reading;
  const [oldest] = longestUnreadFirst(turns);
  const isLate = ({ readAt }: Turn) => withinMs !== null && clock.now() - readAt > withinMs;
  const { budgetBytes } = read;
  const needed =
    budgetBytes === null || withinMs === null ? null : budgetNeeded(turns, { budgetBytes, withinMs });
  return {
    ...read,
    copies: turns.length,
    late: turns.filter(isLate).length,
    oldestReadAt: oldest === undefined ? null : formatInstant(oldest.readAt),
    withinMs,
    neededBytes: needed,
  };
}

function turnsOf(rows: readonly BackupRow[], passes = 1): readonly Turn[] {
  return rows.flatMap((row) =>
    row.copies
      .filter(({ state }) => state === "whole")
      .map((copy) => ({ row, copy, sizeBytes: passes * row.sizeBytes, readAt: readAtOf(row, copy) })),
  );
}

/** One that was never read counts from when it was made. */
function readAtOf({ createdAt }: BackupRow, { level, checkedAt }: CopyRow): Instant {
  const isRead = reaches(level, "hashed") && checkedAt !== null;
  return isRead ? instant(Math.max(checkedAt, createdAt)) : createdAt;
}

type Places = ReadonlyMap<string, SeenPlace | AwayPlace>;

async function placesOf(context: Context, turns: readonly Turn[], signal: AbortSignal): Promise<Places> {
  const places = new Map<string, SeenPlace | AwayPlace>();
  for (const name of new Set(turns.map(({ copy }) => copy.destination))) {
    signal.throwIfAborted();
    places.set(name, await seePlace(context, name));
  }
  return places;
}

function awayReports(places: Places, turns: readonly Turn[]): VerifyReport[] {
  return [...places.values()].flatMap((place) => {
    if (place.kind === "seen") return [];
    const first = turns.find(({ copy }) => copy.destination === place.name);
    const known = first === undefined ? null : { job: first.row.job, createdAt: first.row.createdAt };
    return [failedReport({ id: first?.row.id ?? "*", place, known }, place.failure)];
  });
}

/** The midnight before, on the clocks of the zone. */
function startOfDay(now: Instant, timezone: string): Instant {
  const dayMs = 86_400_000;
  return instantOfWall(wallTime(Math.floor(wallTimeOf(now, timezone) / dayMs) * dayMs), timezone);
}
