import type { SimulatedDay } from "./simulate.ts";
import { bytesByPlace, type SimulatedVerdict } from "./simulate-world.ts";

/** The first day on which a rule makes a difference: it alone keeps a backup, or takes one. */
export interface FirstEffect {
  readonly day: number;
  readonly job: string;
  readonly destination: string;
  readonly database: string | null;
  readonly verdict: "keep" | "remove" | "refuse";
  readonly reason: string;
  readonly backup: string;
}

type Effect = Omit<FirstEffect, "day">;

/** Reads the days as they come, in order; a year of them need not be kept. */
export function createEffects(): { add(day: SimulatedDay): void; all(): readonly FirstEffect[] } {
  const first = new Map<string, FirstEffect>();
  return {
    add(day) {
      const effects = [
        ...day.kept.filter(({ reasons }) => reasons.length === 1).map((one) => effectOf("keep", one)),
        ...day.removed.map((one) => effectOf("remove", one)),
        ...day.refused.map((one) => effectOf("refuse", one)),
      ];
      for (const effect of effects) {
        const { job, destination, database, verdict, reason } = effect;
        const key = JSON.stringify([job, destination, database, verdict, ruleOf(reason)]);
        if (!first.has(key)) first.set(key, { day: day.day, ...effect });
      }
    },
    all: () => [...first.values()],
  };
}

function effectOf(verdict: Effect["verdict"], { backup, reasons }: SimulatedVerdict): Effect {
  const { job, destination, database, id } = backup;
  return { job, destination, database, verdict, reason: reasons.join(", "), backup: id };
}

/** "weekly 3 of 4" and "weekly 4 of 4" are one rule, and so are doubts about a clock in their several sizes. */
function ruleOf(reason: string): string {
  return reason.replace(/\d+ of \d+$/, "").replace(/\d+ /g, "");
}

/** What one destination needs, and whether it has it. */
export interface DiskNeed {
  readonly destination: string;
  readonly nowBytes: number;
  /** New backups come before old ones go. */
  readonly peakBytes: number;
  readonly peakDay: number;
  /** Null when the storage does not tell, or could not be asked. */
  readonly freeBytes: number | null;
  /** The first day that does not fit; null when all do, or nobody knows. */
  readonly fullDay: number | null;
}

/** As a run keeps it: never to the last block. */
const reserveBytes = 16 * 1024 * 1024;

export interface DiskStart {
  readonly nowBytes: ReadonlyMap<string, number>;
  readonly freeBytes: ReadonlyMap<string, number | null>;
}

/** Reads the days as they come, in order. */
export function createNeeds(start: DiskStart): { add(day: SimulatedDay): void; all(): readonly DiskNeed[] } {
  const places = new Set([...start.freeBytes.keys(), ...start.nowBytes.keys()]);
  const needs = new Map([...places].map((place) => [place, needAtStart(place, start)]));
  return {
    add(day) {
      for (const [destination, bytes] of day.peakBytes) {
        const known = needs.get(destination) ?? needAtStart(destination, start);
        needs.set(destination, withPeak(known, day.day, bytes));
      }
    },
    all: () => [...needs.values()],
  };
}

function needAtStart(destination: string, { nowBytes, freeBytes }: DiskStart): DiskNeed {
  const bytes = nowBytes.get(destination) ?? 0;
  const free = freeBytes.get(destination) ?? null;
  return { destination, nowBytes: bytes, peakBytes: bytes, peakDay: 0, freeBytes: free, fullDay: null };
}

function withPeak(need: DiskNeed, day: number, bytes: number): DiskNeed {
  const isOver = need.freeBytes !== null && bytes - need.nowBytes > need.freeBytes - reserveBytes;
  const fullDay = need.fullDay ?? (isOver ? day : null);
  return bytes > need.peakBytes ? { ...need, peakBytes: bytes, peakDay: day, fullDay } : { ...need, fullDay };
}

/** What exists of one job and database at one destination. */
export interface Stock {
  readonly job: string;
  readonly destination: string;
  readonly database: string | null;
  readonly backups: number;
  readonly sizeBytes: number;
}

/** At the end of a day, by job, destination and database. */
export function stockOf({ copies }: Pick<SimulatedDay, "copies">): readonly Stock[] {
  const rows = Map.groupBy(copies, ({ job, destination, database }) =>
    JSON.stringify([job, destination, database]),
  );
  const inOrder = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
  return inOrder.flatMap(([, row]) =>
    row.slice(0, 1).map(({ job, destination, database }) => ({
      job,
      destination,
      database,
      backups: row.length,
      sizeBytes: bytesByPlace(row).get(destination) ?? 0,
    })),
  );
}
