import type { Destination, StoredFile } from "../destinations/destination.ts";
import { type NamedBackupFile, parseBackupFile } from "../domain/backup-file.ts";
import type { CheckReceipt } from "../domain/check-receipt.ts";
import { Failure, messageOf, reportOf } from "../domain/failure.ts";
import { type Instant, instant, parseInstant } from "../domain/instant.ts";
import { parseMark } from "../domain/mark.ts";
import { levelBeside, newestReceipt } from "./beside.ts";
import type { Context } from "./context.ts";
import type { CatalogProblem, RebuildReport } from "./operation.ts";
import { differencesToOwnHash, readStoredBackup, type StoredBackup } from "./stored-backup.ts";

interface Found {
  readonly stored: StoredBackup;
  readonly destination: Destination;
  readonly destinationId: string;
  readonly receipt: CheckReceipt | null;
  readonly marks: readonly FoundMark[];
  readonly differences: readonly string[];
}

interface FoundMark {
  readonly kind: "hold" | "accepted";
  readonly who: string;
  readonly at: Instant;
  readonly why: string;
}

/**
 * Makes the index of backups anew from what lies at the destinations. Everything is read before anything is
 * forgotten; a destination that cannot be read stops the rebuild, since its backups would be lost from view.
 * Run rows are kept.
 */
export async function rebuildCatalog(context: Context, signal: AbortSignal): Promise<RebuildReport> {
  const found: Found[] = [];
  const problems: CatalogProblem[] = [];
  for (const destination of context.destinations.values()) {
    const { id: destinationId } = await destination.ready();
    const files = await destination.list();
    for (const { base } of backupFiles(files).filter(({ file }) => file.kind === "manifest")) {
      signal.throwIfAborted();
      try {
        found.push(await readOne(destination, { base, destinationId, files }));
      } catch (error) {
        problems.push({ destination: destination.name, backup: base, message: messageOf(error) });
      }
    }
  }
  const { catalog } = context;
  catalog.atomically(() => {
    catalog.forgetBackups();
    for (const one of found) record(context, one);
  });
  const unlike = found.flatMap((one) =>
    one.differences.map((message) => ({
      destination: one.destination.name,
      backup: one.stored.manifest.id,
      message,
    })),
  );
  const backups = new Set(found.map(({ stored }) => `${stored.manifest.job}/${stored.manifest.id}`)).size;
  const holds = found.filter((one) => one.marks.some((mark) => mark.kind === "hold")).length;
  return { backups, copies: found.length, holds, problems: [...problems, ...unlike] };
}

function backupFiles(files: readonly StoredFile[]): readonly NamedBackupFile[] {
  return files.map(({ name }) => parseBackupFile(name)).filter((parsed) => parsed !== null);
}

interface Place {
  readonly base: string;
  readonly destinationId: string;
  readonly files: readonly StoredFile[];
}

async function readOne(destination: Destination, { base, destinationId, files }: Place): Promise<Found> {
  const stored = await readStoredBackup(destination, base);
  if (stored.manifest.id !== base) {
    throw new Failure(
      "backup.manifest",
      `Cannot use the manifest of "${base}": it calls itself "${stored.manifest.id}"`,
      {
        hint: "Give the files their own names again.",
      },
    );
  }
  const beside = files.filter(({ name }) => parseBackupFile(name)?.base === base);
  const differences = [...(await differencesToOwnHash(destination, stored)), ...missingFiles(stored, files)];
  const receipt = await newestReceipt(destination, beside);
  return {
    stored,
    destination,
    destinationId,
    receipt,
    marks: await readMarks(destination, beside),
    differences,
  };
}

function missingFiles({ manifest }: StoredBackup, files: readonly StoredFile[]): readonly string[] {
  const sizes = new Map(files.map(({ name, sizeBytes }) => [name, sizeBytes]));
  return manifest.files
    .filter((file) => sizes.get(file.path) !== file.sizeBytes)
    .map((file) =>
      sizes.has(file.path)
        ? `"${file.path}" has another size than its manifest says`
        : `"${file.path}" is missing`,
    );
}

async function readMarks(
  destination: Destination,
  beside: readonly StoredFile[],
): Promise<readonly FoundMark[]> {
  const marks = beside.map(async ({ name, modifiedMs }) => {
    const kind = parseBackupFile(name)?.file.kind;
    if (kind !== "hold" && kind !== "accepted") return null;
    const mark = parseMark((await destination.read(name)).toString("utf8"));
    const at = mark === null ? null : parseInstant(mark.at);
    // The file's name is what protects; one that was made by hand (touch NAME.hold) counts as well.
    return {
      kind,
      who: mark?.who ?? "unknown",
      why: mark?.why ?? "",
      at: at ?? instant(Math.floor(modifiedMs)),
    };
  });
  return (await Promise.all(marks)).filter((mark) => mark !== null);
}

function record(
  { catalog }: Context,
  { stored, destination, destinationId, receipt, marks, differences }: Found,
): void {
  const { manifest, manifestText, manifestSha256 } = stored;
  const { job, id: backupId } = manifest;
  catalog.putBackup(manifest, manifestText, manifestSha256);
  const [first] = differences;
  const isWhole = first === undefined;
  const fromRun = manifest.checked.copies[destinationId] ?? null;
  const level = levelBeside(manifest, destinationId, receipt);
  const isDamaged = !isWhole || level === "unknown";
  catalog.putCopy({
    job,
    backupId,
    destination: destination.name,
    destinationId,
    state: isDamaged ? "damaged" : "whole",
    level: isDamaged ? "unknown" : level,
    readBack: receipt?.readBack ?? fromRun,
    checkedAt: parseInstant(receipt?.checkedAt ?? manifest.finishedAt),
    failure:
      first === undefined
        ? null
        : reportOf(new Failure("backup.mismatch", `Cannot vouch for "${backupId}": ${first}`)),
  });
  for (const mark of marks) catalog.putMark({ job, backupId, destination: destination.name, ...mark });
}

/** What is wrong with the catalog's file, and where it and the destinations tell different stories. Changes nothing. */
export async function checkCatalog(
  context: Context,
  signal: AbortSignal,
): Promise<readonly CatalogProblem[]> {
  const problems: CatalogProblem[] = context.catalog
    .problems()
    .map((message) => ({ destination: null, backup: null, message }));
  const rows = context.catalog.backups();
  for (const destination of context.destinations.values()) {
    signal.throwIfAborted();
    const files = await destination.list();
    const there = new Set(
      backupFiles(files)
        .filter(({ file }) => file.kind === "manifest")
        .map(({ base }) => base),
    );
    const known = new Set(
      rows
        .filter((row) => row.copies.some((copy) => copy.destination === destination.name))
        .map((row) => row.id),
    );
    for (const id of known)
      if (!there.has(id))
        problems.push(problem(destination, id, "the catalog lists it, its manifest is gone"));
    for (const id of there)
      if (!known.has(id))
        problems.push(problem(destination, id, "it lies there, the catalog does not know it"));
    problems.push(...(await holdProblems(context, destination, files)));
  }
  return problems;
}

function problem({ name }: Destination, backup: string, message: string): CatalogProblem {
  return { destination: name, backup, message };
}

/** A hold that vanished from the destination protects nobody after the next rebuild. */
async function holdProblems(
  { catalog }: Context,
  destination: Destination,
  files: readonly StoredFile[],
): Promise<readonly CatalogProblem[]> {
  const held = new Set(
    backupFiles(files)
      .filter(({ file }) => file.kind === "hold")
      .map(({ base }) => base),
  );
  const marks = catalog
    .backups()
    .flatMap((row) => catalog.marks(row.job, row.id).map((mark) => ({ ...mark, id: row.id })));
  return marks
    .filter((mark) => mark.kind === "hold" && mark.destination === destination.name && !held.has(mark.id))
    .map((mark) => problem(destination, mark.id, "the catalog holds it, the file that says so is gone"));
}
