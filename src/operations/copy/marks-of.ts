import type { BackupRow, MarkRow } from "../../catalog/catalog.ts";
import type { Destination } from "../../destinations/destination.ts";
import { formatBackupFile } from "../../domain/backups/backup-file.ts";
import { formatMark, parseMark } from "../../domain/backups/mark.ts";
import { formatInstant, parseInstant } from "../../domain/instant.ts";
import type { Context } from "../context.ts";
import type { Beside } from "../run/publish.ts";

/** A hold or an acceptance that must lie beside the new copy too. */
export interface CopiedMark extends Beside {
  readonly kind: MarkRow["kind"];
}

interface Between {
  readonly row: BackupRow;
  readonly source: Destination;
  readonly target: Destination;
}

/** What protects a backup where it is copied from, or by the catalog, and does not lie at the target yet. */
export async function marksOf(
  context: Context,
  { row, source, target }: Between,
): Promise<readonly CopiedMark[]> {
  const found: CopiedMark[] = [];
  for (const kind of ["hold", "accepted"] as const) {
    const name = formatBackupFile(row.id, { kind });
    const text = await textOf(context, source, { row, kind, name });
    if (text !== null && (await target.stat(name)) === null) found.push({ kind, name, text });
  }
  return found;
}

interface Wanted {
  readonly row: BackupRow;
  readonly kind: MarkRow["kind"];
  readonly name: string;
}

async function textOf(
  { catalog }: Context,
  source: Destination,
  { row, kind, name }: Wanted,
): Promise<string | null> {
  if ((await source.stat(name)) !== null) return (await source.read(name)).toString("utf8");
  const mark = catalog.marks(row.job, row.id).find((one) => one.kind === kind);
  if (mark === undefined) return null;
  const { who, why } = mark;
  const at = formatInstant(mark.at);
  const format = "codex-backup-mark";
  return formatMark({ format, version: 1, kind, backup: row.id, job: row.job, who, at, why });
}

/** Tells the catalog; a file that this version cannot read protects by its name alone. */
export function recordMarks(
  { catalog, clock }: Context,
  { row, destination, marks }: { row: BackupRow; destination: string; marks: readonly CopiedMark[] },
): void {
  for (const { kind, text } of marks) {
    const mark = parseMark(text);
    const at = mark === null ? null : parseInstant(mark.at);
    const told = { who: mark?.who ?? "unknown", at: at ?? clock.now(), why: mark?.why ?? "" };
    catalog.putMark({ job: row.job, backupId: row.id, destination, kind, ...told });
  }
}
