import { createHash } from "node:crypto";
import type { AuditFindingRow, BackupRow, ComparedManifest, CopyRow } from "../../catalog/catalog.ts";
import type { Destination, StoredFile } from "../../destinations/destination.ts";
import { formatBackupFile } from "../../domain/backups/backup-file.ts";
import { type AuditedCopy, auditListing } from "../../domain/copies/audit.ts";
import { asFailure, Failure, reportOf } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import type { Context } from "../context.ts";
import { noteLook } from "../note-look.ts";
import type { AuditReport } from "../operation.ts";
import { compareCopies } from "../prune/compare-copies.ts";
import { noteGoneCopies } from "../prune/note-gone.ts";
import type { Survey } from "../prune/survey.ts";

/** So many manifests are read at most; the rest at the next audit. */
const maxManifests = 200;

/**
 * Compares what the catalog says with what each of these destinations lists: one list, and of the manifests only those that
 * look different since they were last compared. What is lost is told as a run tells it. Touches nothing there. A destination
 * that cannot be looked at is a report. Takes no lock: a copy is judged only where the catalog had it before and after the list.
 */
export async function audit(
  context: Context,
  { destinations, signal }: { readonly destinations: readonly string[]; readonly signal: AbortSignal },
): Promise<readonly AuditReport[]> {
  const reports: AuditReport[] = [];
  for (const name of destinations) {
    signal.throwIfAborted();
    const destination = context.destinations.get(name);
    if (destination === undefined) continue;
    try {
      reports.push(await auditOne(context, destination, signal));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const failure = asFailure(error, "destination.io", `Cannot look at "${name}"`);
      reports.push({ destination: name, findings: [], failure: reportOf(failure) });
    }
  }
  return reports;
}

async function auditOne(
  context: Context,
  destination: Destination,
  signal: AbortSignal,
): Promise<AuditReport> {
  const { catalog, clock } = context;
  const { name } = destination;
  const before = copiesAt(catalog.backups(), name);
  const facts = await destination.look();
  noteLook(context, destination, facts);
  const files = await destination.list();
  const rows = steadyRows(catalog.backups(), before, name);
  const sizes = new Map(files.map((file) => [file.name, file.sizeBytes]));
  const survey: Survey = { destination: name, destinationId: facts.id, sizes, heldIds: new Set() };
  const compared = compareCopies(context, rows, [survey]);
  const altered = await readChanged(context, { destination, files, rows: compared, survey, signal });
  noteLost(context, { rows, compared, altered, survey });
  const found = auditListing({ files, copies: auditedCopies(context, name), now: clock.now() });
  const known = catalog.auditFindings().filter((row) => row.destination === name);
  const dated = found.map((one) => ({ ...one, at: sameAs(known, one)?.at ?? clock.now() }));
  catalog.atomically(() => {
    catalog.putAuditFindings(name, dated);
    catalog.noteAudit(name, facts.id, clock.now());
  });
  const findings = dated.map(({ kind, name: subject, text, at }) => {
    const isNew = sameAs(known, { kind, name: subject }) === undefined;
    return { kind, name: subject, message: text, since: formatInstant(at), isNew };
  });
  return { destination: name, findings, failure: null };
}

function sameAs(
  known: readonly AuditFindingRow[],
  one: Pick<AuditFindingRow, "kind" | "name">,
): AuditFindingRow | undefined {
  return known.find(({ kind, name }) => kind === one.kind && name === one.name);
}

function copiesAt(rows: readonly BackupRow[], destination: string): ReadonlySet<string> {
  const here = rows.filter(({ copies }) =>
    copies.some((copy) => copy.destination === destination && copy.state !== "removing"),
  );
  return new Set(here.map(keyOf));
}

/** With their copies there; what a run has made or a prune has begun to remove meanwhile is left out. */
function steadyRows(
  rows: readonly BackupRow[],
  before: ReadonlySet<string>,
  destination: string,
): readonly BackupRow[] {
  return rows
    .filter((row) => before.has(keyOf(row)))
    .map((row) => ({
      ...row,
      copies: row.copies.filter((copy) => copy.destination === destination && copy.state !== "removing"),
    }))
    .filter(({ copies }) => copies.length > 0);
}

function keyOf({ job, id }: Pick<BackupRow, "job" | "id">): string {
  return `${job}\n${id}`;
}

interface Reading {
  readonly destination: Destination;
  readonly files: readonly StoredFile[];
  readonly rows: readonly BackupRow[];
  readonly survey: Survey;
  readonly signal: AbortSignal;
}

/** Copies whose manifest has other bytes than the catalog saw, by their rows. */
async function readChanged(context: Context, reading: Reading): Promise<readonly CopyRow[]> {
  const { destination, files, rows, survey, signal } = reading;
  const { catalog, clock } = context;
  const compared = new Map(
    catalog.comparedManifests(survey.destination, survey.destinationId).map((file) => [file.name, file]),
  );
  const listed = new Map(files.map((file) => [file.name, file]));
  const kept: ComparedManifest[] = [];
  const altered: CopyRow[] = [];
  let left = maxManifests;
  for (const row of rows) {
    const file = listed.get(formatBackupFile(row.id, { kind: "manifest" }));
    const copy = row.copies.find(({ destinationId }) => destinationId === survey.destinationId);
    if (file === undefined || copy?.state !== "whole") continue;
    const { name, sizeBytes, modifiedMs } = file;
    const isSame = isUnchanged(compared.get(name), file);
    if (!isSame && left === 0) continue;
    if (!isSame) {
      signal.throwIfAborted();
      left -= 1;
      const bytes = await destination.read(name);
      if (createHash("sha256").update(bytes).digest("hex") !== row.manifestSha256) {
        altered.push({ ...copy, ...damage(row, survey.destination), checkedAt: clock.now() });
        continue;
      }
    }
    kept.push({ name, sizeBytes, modifiedMs });
  }
  catalog.putComparedManifests(survey.destination, survey.destinationId, kept);
  return altered;
}

function isUnchanged(before: ComparedManifest | undefined, now: StoredFile): boolean {
  return before?.sizeBytes === now.sizeBytes && before.modifiedMs === now.modifiedMs;
}

function damage(
  { id }: BackupRow,
  destination: string,
): Pick<CopyRow, "state" | "level" | "readBack" | "failure"> {
  const failure = new Failure(
    "backup.mismatch",
    `Cannot vouch for "${id}" at "${destination}": its manifest is not the one that the catalog saw when it was made`,
  );
  return { state: "damaged", level: "unknown", readBack: null, failure: reportOf(failure) };
}

interface Lost {
  /** As the catalog has them. */
  readonly rows: readonly BackupRow[];
  /** As the list shows them. */
  readonly compared: readonly BackupRow[];
  readonly altered: readonly CopyRow[];
  readonly survey: Survey;
}

function noteLost(context: Context, { rows, compared, altered, survey }: Lost): void {
  const { catalog, log } = context;
  const unchanged = new Set(rows.flatMap((row) => row.copies));
  const lost = [...compared.flatMap((row) => row.copies).filter((copy) => !unchanged.has(copy)), ...altered];
  catalog.atomically(() => {
    for (const copy of lost) if (isThere(context, copy)) catalog.putCopy(copy);
    for (const [job, own] of Map.groupBy(compared, (row) => row.job))
      noteGoneCopies(context, { job, survey, rows: own });
  });
  for (const { backupId, destination, failure } of lost)
    log.warn({ backup: backupId, destination }, failure?.message ?? "lost");
}

/** Not removed since, and not being removed. */
function isThere({ catalog }: Context, { job, backupId, destination }: CopyRow): boolean {
  const copies = catalog.backup(job, backupId)?.copies ?? [];
  return copies.some((copy) => copy.destination === destination && copy.state !== "removing");
}

/** As the catalog has them now. */
function auditedCopies({ catalog }: Context, destination: string): readonly AuditedCopy[] {
  const retained = new Set(
    catalog.retained().map((row) => JSON.stringify([row.job, row.backupId, row.destination])),
  );
  return catalog.backups().flatMap((row) =>
    row.copies
      .filter((copy) => copy.destination === destination)
      .map(({ state }) => ({
        id: row.id,
        state: stateWords[state],
        isRetained: retained.has(JSON.stringify([row.job, row.id, destination])),
      })),
  );
}

const stateWords = { whole: "there", missing: "missing", damaged: "altered", removing: "gone" } as const;
