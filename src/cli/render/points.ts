import { parseInstant } from "../../domain/instant.ts";
import { describeCount, describeDuration } from "../../domain/plain-words.ts";
import type { ListedMember, ListedPoint } from "../../domain/sets/point-report.ts";
import type { Surroundings } from "./backups.ts";
import { renderColumns } from "./columns.ts";
import { describeAgo, describeMoment } from "./moment.ts";

/** Restore points, newest first as they come: what belongs to each, and what brings it back. */
export function renderPoints(points: readonly ListedPoint[], around: Surroundings): string {
  if (points.length === 0) return "No restore points yet. Make one: codex-backup run --set NAME";
  return points.map((point) => renderPoint(point, around)).join("\n\n");
}

function renderPoint(point: ListedPoint, around: Surroundings): string {
  const { now, paint } = around;
  const state = point.isWhole ? paint.good("whole") : paint.bad("incomplete");
  const { capsule } = point;
  const packed = `packed ${momentOf(point.walk.startedAt, around)}${driftOf(point)}`;
  const rows = [
    ...point.members.map((member) => memberRow(member, around)),
    [
      capsule.job,
      capsule.isThere ? capsule.backup : paint.bad(`${capsule.backup} (gone or damaged)`),
      packed,
    ],
  ];
  const lines = [
    `${paint.strong(point.id)}  ${state}  ${describeAgo(point.walk.startedAt, now)}`,
    renderColumns(rows).replace(/^/gm, "  "),
    ...referenceLines(point).map((line) => `  ${line}`),
    ...commandsOf(point).map((line) => `    ${line}`),
  ];
  return lines.join("\n");
}

function momentOf(isoTime: string, { config }: Surroundings): string {
  const at = parseInstant(isoTime);
  return at === null ? isoTime : describeMoment(at, config.timezone);
}

function driftOf({ driftMs }: ListedPoint): string {
  return driftMs === null ? "" : `, done ${describeDuration(driftMs)} after the snapshot`;
}

function memberRow(member: ListedMember, around: Surroundings): readonly string[] {
  const { job, database, backup, snapshotAt, reason, isThere } = member;
  const name = database === null ? job : `${job} (${database})`;
  if (backup === null) return [name, around.paint.bad("lacking"), reason ?? ""];
  const shown = isThere ? backup : around.paint.bad(`${backup} (gone or damaged)`);
  return [name, shown, snapshotAt === null ? "" : `snapshot ${momentOf(snapshotAt, around)}`];
}

function referenceLines({ references }: ListedPoint): readonly string[] {
  if (references === null) return [];
  return [
    ...references.queries.map(({ job, root, unchecked, named, missing }) => {
      const place = root === "" ? "" : ` below ${root}`;
      if (unchecked !== null) return `files that ${job} names${place}: not checked, ${unchecked}`;
      const lacking =
        missing.count === 0
          ? "all inside"
          : `${missing.count} missing: ${missing.first.map(shownName).join(", ")}`;
      return `files that ${job} names${place}: ${named}, ${lacking}`;
    }),
    ...references.unreferenced
      .filter(({ count }) => count > 0)
      .map(
        ({ root, count }) => `${describeCount(count, "file")} below ${root || "the root"} that no row names`,
      ),
  ];
}

/** As it is where it is plain. A row may name anything, also nothing, or what a terminal would obey. */
function shownName(name: string): string {
  return name === "" || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name) ? JSON.stringify(name) : name;
}

/** To new places: nothing is overwritten by what is copied from here. */
function commandsOf({ members, capsule }: ListedPoint): readonly string[] {
  return [
    ...members.flatMap(({ job, backup, database, isThere }) =>
      isThere ? [`codex-backup restore ${job}/${backup} --to ${database}_restored`] : [],
    ),
    ...(capsule.isThere ? [`codex-backup restore ${capsule.job}/${capsule.backup} --to DIRECTORY`] : []),
  ];
}
