import { type Instant, parseInstant } from "../../domain/instant.ts";
import { describeCount, describeSize, describeSubject } from "../../domain/plain-words.ts";
import type { DiskNeed, FirstEffect, Stock } from "../../domain/simulation/simulate-summary.ts";
import type { SimulatedDayReport, SimulationReport } from "../../domain/simulation/simulation-report.ts";
import { createZone } from "../../domain/zone.ts";
import type { Paint } from "../paint.ts";
import { renderColumns } from "./columns.ts";

export interface SimulationSurroundings {
  /** In which dates are told. */
  readonly timezone: string;
  readonly paint: Paint;
}

type DateOf = (day: number) => string;

/** So few days are told one by one; more of them by the month. */
const fewDays = 31;

/** What exists at the end of each month (or day), when each rule first matters, and the disk that it takes. */
export function renderSimulation(report: SimulationReport, around: SimulationSurroundings): string {
  const { paint } = around;
  const dateOf = datesOf(report, around.timezone);
  if (report.start.length === 0 && report.days.every(({ made }) => made.length === 0))
    return ["There is nothing to simulate: no backups, and no schedule.", ...report.assumptions].join("\n");
  const header = ["end of", "job", "destination", "backups", "size", "made", "removed"];
  const rows = [header.map((title) => paint.faint(title)), ...stockRows(report, dateOf)];
  const parts = [
    renderColumns(rows),
    report.firsts.map((first) => renderFirst(first, dateOf)).join("\n"),
    report.disks.map((disk) => renderDisk(disk, dateOf, paint)).join("\n"),
    report.assumptions.map((line) => paint.faint(`Assumed: ${line}.`)).join("\n"),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\nNothing was touched.`;
}

function datesOf({ startedAt, days }: SimulationReport, timezone: string): DateOf {
  const zone = createZone(timezone);
  const dateAt = (at: Instant | null) =>
    at === null ? "" : new Date(at + zone.offsetMs(at)).toISOString().slice(0, 10);
  return (day) => dateAt(parseInstant(days[day - 1]?.at ?? startedAt));
}

function stockRows({ start, days }: SimulationReport, dateOf: DateOf): readonly (readonly string[])[] {
  const rows = start.map((stock) => ["now", ...stockCells(stock), "", ""]);
  let since: readonly SimulatedDayReport[] = [];
  for (const day of days) {
    since = [...since, day];
    if (!isTold(day.day, days.length, dateOf)) continue;
    const told = since;
    rows.push(...day.stock.map((stock) => [dateOf(day.day), ...stockCells(stock), ...changes(told, stock)]));
    since = [];
  }
  return rows;
}

function isTold(day: number, last: number, dateOf: DateOf): boolean {
  return last <= fewDays || day === last || dateOf(day).slice(0, 7) !== dateOf(day + 1).slice(0, 7);
}

function stockCells({ job, database, destination, backups, sizeBytes }: Stock): readonly string[] {
  return [describeSubject(job, database), destination, String(backups), describeSize(sizeBytes)];
}

function changes(days: readonly SimulatedDayReport[], stock: Stock): readonly string[] {
  const isHere = (one: Pick<Stock, "job" | "database" | "destination">) =>
    one.job === stock.job && one.database === stock.database && one.destination === stock.destination;
  const made = days.flatMap((day) => day.made.filter(isHere)).length;
  return [String(made), String(days.flatMap((day) => day.removed.filter(isHere)).length)];
}

const effectWords = {
  keep: "the first to be kept only because",
  remove: "the first to go",
  refuse: "would go, but more than half at once waits for --yes",
} as const;

function renderFirst(
  { day, job, database, destination, verdict, reason, backup }: FirstEffect,
  dateOf: DateOf,
) {
  return `${dateOf(day)}  ${describeSubject(job, database)} at ${destination}: ${backup} ${effectWords[verdict]}: ${reason}`;
}

function renderDisk(need: DiskNeed, dateOf: DateOf, paint: Paint): string {
  const { destination, nowBytes, peakBytes, peakDay, freeBytes, fullDay } = need;
  const when = peakDay === 0 ? "now" : `on ${dateOf(peakDay)}, day ${peakDay}`;
  const more = describeSize(Math.max(0, peakBytes - nowBytes));
  const peak = `${destination} needs ${describeSize(peakBytes)} at most (${when}): ${more} more than now`;
  if (freeBytes === null) return `${peak}; how much is free is not known`;
  const free = `${describeSize(freeBytes)} are free`;
  if (fullDay === null) return `${peak}, and ${free}: ${paint.good("it fits")}`;
  const late = describeCount(fullDay, "day");
  return `${peak}, and ${free}: ${paint.bad(`it no longer fits from ${dateOf(fullDay)}, in ${late}`)}`;
}
