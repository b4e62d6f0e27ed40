import type { Config } from "../../config/config.ts";
import type { ListedBackup, ListedCopy } from "../../domain/backups/backup-report.ts";
import { type Instant, parseInstant } from "../../domain/instant.ts";
import { describeSize } from "../../domain/plain-words.ts";
import type { Paint } from "../paint.ts";
import { renderColumns } from "./columns.ts";
import { describeAgo, describeMoment } from "./moment.ts";

/** What rendering needs to know beside the backups. */
export interface Surroundings {
  readonly now: Instant;
  readonly config: Pick<Config, "jobs" | "timezone">;
  readonly paint: Paint;
}

const header = ["backup", "job", "age", "made", "size", "level", "copies", ""];

/** Backups as rows, newest first as they come. */
export function renderBackups(backups: readonly ListedBackup[], around: Surroundings): string {
  if (backups.length === 0) return "No backups yet. Make one: codex-backup run --all";
  const zones = new Map(around.config.jobs.map((job) => [job.name, job.timezone]));
  return renderColumns([
    header.map(around.paint.faint),
    ...backups.map((backup) => rowOf(backup, around, zones)),
  ]);
}

function rowOf(
  backup: ListedBackup,
  { now, config, paint }: Surroundings,
  zones: ReadonlyMap<string, string>,
): readonly string[] {
  const at = parseInstant(backup.createdAt);
  const made = at === null ? "" : describeMoment(at, zones.get(backup.job) ?? config.timezone);
  return [
    backup.id,
    backup.job,
    describeAgo(backup.createdAt, now),
    made,
    describeSize(backup.sizeBytes),
    paintLevel(backup.level, paint),
    backup.copies.map((copy) => describeCopy(copy, paint)).join(", "),
    marksOf(backup, paint),
  ];
}

/** "proven" good, "unknown" bad: the level is a word; its colour only helps to find it. */
export function paintLevel(level: ListedBackup["level"], paint: Paint): string {
  if (level === "unknown") return paint.bad(level);
  return level === "proven" || level === "restored" ? paint.good(level) : level;
}

/** "backups", or "backups (damaged)" for one that is not whole. */
function describeCopy({ destination, state }: ListedCopy, paint: Paint): string {
  return state === "whole" ? destination : paint.bad(`${destination} (${state})`);
}

function marksOf({ outcome, suspect, held, adopted }: ListedBackup, paint: Paint): string {
  const marks = [
    ...(outcome === "incomplete" ? [paint.doubtful("incomplete")] : []),
    ...(suspect ? [paint.doubtful("suspect")] : []),
    ...(held ? ["held"] : []),
    ...(adopted ? ["adopted"] : []),
  ];
  return marks.join(", ");
}
