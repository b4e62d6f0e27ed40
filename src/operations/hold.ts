import type { BackupRow, MarkRow } from "../catalog/catalog.ts";
import type { Destination } from "../destinations/destination.ts";
import { isSuspect, speaksForNow } from "../domain/anomalies/suspect.ts";
import { formatBackupFile } from "../domain/backups/backup-file.ts";
import { formatMark } from "../domain/backups/mark.ts";
import { asFailure, Failure } from "../domain/failure.ts";
import { formatInstant } from "../domain/instant.ts";
import type { Context } from "./context.ts";
import { findBackup } from "./find-backup.ts";
import { newestBackup } from "./list.ts";
import type { HoldReport, HoldRequest } from "./operation.ts";
import { demandSameDisk } from "./same-disk.ts";

/**
 * Protects a backup from retention, at every destination, by a file beside it: the protection survives the
 * catalog. Throws when it could be written nowhere.
 */
export async function hold(context: Context, request: HoldRequest): Promise<HoldReport> {
  return mark(context, findBackup(context, request.backup), { ...request, kind: "hold" });
}

/**
 * A person says that what is suspect of a backup is as it should be, by a file beside it at every destination: from
 * then on it holds up no pruning and is part of what later ones are compared with. Throws "usage.refused" when
 * nothing is suspect of it, and when it could be written nowhere.
 */
export async function accept(context: Context, request: HoldRequest): Promise<HoldReport> {
  const row = findBackup(context, request.backup);
  if (row.anomalies.length > 0) {
    const report = await mark(context, row, { ...request, kind: "accepted" });
    return { ...report, stillSuspect: suspectNewest(context, row)?.id ?? null };
  }
  throw new Failure("usage.refused", `Cannot accept "${row.id}": nothing is suspect of it`, {
    hint: "See what is suspect with codex-backup list.",
  });
}

/** An alert names the first of several nights; each later one is suspect by itself. */
function suspectNewest(context: Context, { job, database }: BackupRow): BackupRow | null {
  const now = context.clock.now();
  const newest = newestBackup(context, { job, database }, (row) => speaksForNow(row, now));
  return newest !== null && isSuspect(newest) ? newest : null;
}

type Marking = Pick<HoldRequest, "who" | "why"> & Pick<MarkRow, "kind">;

async function mark(context: Context, row: BackupRow, { kind, who, why }: Marking): Promise<HoldReport> {
  const at = context.clock.now();
  const name = formatBackupFile(row.id, { kind });
  const text = formatMark({
    format: "codex-backup-mark",
    version: 1,
    kind,
    backup: row.id,
    job: row.job,
    who,
    at: formatInstant(at),
    why,
  });
  return atEachCopy(context, row, async (destination) => {
    const isThere = (await destination.stat(name)) !== null;
    // A hold protects without a gap, so the first one stays; of two acceptances the last word counts everywhere.
    if (isThere && kind === "accepted") await destination.remove(name);
    if (!isThere || kind === "accepted") await destination.put(name, Buffer.from(text), context.newRunId());
    await destination.sync();
    context.catalog.putMark({
      job: row.job,
      backupId: row.id,
      destination: destination.name,
      kind,
      who,
      at,
      why,
    });
  });
}

/** Ends the protection, also one by a file that the catalog does not know. Throws when the backup is not held. */
export async function release(context: Context, request: Unmarking): Promise<HoldReport> {
  return unmark(context, request, {
    kind: "hold",
    isMarked: ({ held }) => held,
    none: (id) => `Cannot release "${id}": it is not held`,
    hint: "See what is held with codex-backup list.",
  });
}

/** What is suspect of a backup is so again, and holds up pruning if it is the newest. Throws when it is not accepted. */
export async function unaccept(context: Context, request: Unmarking): Promise<HoldReport> {
  return unmark(context, request, {
    kind: "accepted",
    isMarked: ({ accepted }) => accepted,
    none: (id) => `Cannot take back that "${id}" is accepted: nobody has accepted it`,
    hint: "See what is accepted with codex-backup show.",
  });
}

type Unmarking = Pick<HoldRequest, "backup" | "who">;

interface Unmarked extends Pick<MarkRow, "kind"> {
  readonly isMarked: (row: BackupRow) => boolean;
  readonly none: (id: string) => string;
  readonly hint: string;
}

async function unmark(
  context: Context,
  { backup, who }: Unmarking,
  { kind, isMarked, none, hint }: Unmarked,
): Promise<HoldReport> {
  const row = findBackup(context, backup);
  let wasMarked = isMarked(row);
  const report = await atEachCopy(context, row, async (destination) => {
    const wasThere = (await destination.remove(formatBackupFile(row.id, { kind }))) !== "gone";
    wasMarked ||= wasThere;
    await destination.sync();
  });
  if (!wasMarked) throw new Failure("usage.refused", none(row.id), { hint });
  if (report.failed.length === 0) context.catalog.removeMark(row.job, row.id, kind);
  context.log.info({ backup: row.id, job: row.job, who, kind }, "a mark was taken back");
  return report;
}

/** An empty mount point is not the share: a mark in it would protect nothing. */
async function atEachCopy(
  context: Context,
  row: BackupRow,
  work: (destination: Destination) => Promise<void>,
): Promise<HoldReport> {
  const done: string[] = [];
  const failed: { destination: string; message: string }[] = [];
  for (const copy of row.copies) {
    const destination = context.destinations.get(copy.destination);
    try {
      if (!destination)
        throw new Failure(
          "usage.invalid-value",
          `Cannot reach "${copy.destination}": it is no longer in the config`,
        );
      demandSameDisk(destination, await destination.look(), copy);
      await work(destination);
      done.push(copy.destination);
    } catch (error) {
      failed.push({
        destination: copy.destination,
        message: asFailure(error, "destination.io", "Cannot write the mark").message,
      });
    }
  }
  if (done.length > 0) return { backup: row.id, job: row.job, destinations: done, failed };
  throw new Failure(
    "destination.io",
    `Cannot mark "${row.id}" anywhere: ${failed.map(({ message }) => message).join("; ")}`,
    {
      hint: "Mount or mend one of its destinations and try again.",
    },
  );
}
