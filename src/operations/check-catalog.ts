import type { BackupRow, MarkRow } from "../catalog/catalog.ts";
import type { Destination, StoredFile } from "../destinations/destination.ts";
import { parseBackupFile } from "../domain/backups/backup-file.ts";
import { messageOf } from "../domain/failure.ts";
import type { Context } from "./context.ts";
import type { CatalogProblem } from "./operation.ts";
import { missingFiles, readStoredBackup } from "./stored-backup.ts";

/**
 * What is wrong with the catalog's file, and where it and the destinations tell different stories. Changes
 * nothing. Throws when a destination cannot be looked at: what lies there is then not gone, but unknown.
 */
export async function checkCatalog(
  context: Context,
  signal: AbortSignal,
): Promise<readonly CatalogProblem[]> {
  const { catalog } = context;
  const problems: CatalogProblem[] = catalog
    .problems()
    .map((message) => ({ destination: null, backup: null, message }));
  const rows = catalog.backups();
  const holds = rows
    .filter((row) => row.held)
    .flatMap((row) => catalog.marks(row.job, row.id).filter((mark) => mark.kind === "hold"));
  for (const destination of context.destinations.values()) {
    const there = await readShelf(destination, signal);
    const known = rows.filter((row) => row.copies.some((copy) => copy.destination === destination.name));
    const here = holds.filter((mark) => mark.destination === destination.name);
    const told = [...compare(there, known), ...holdProblems(there, here)];
    problems.push(...told.map((one) => ({ destination: destination.name, ...one })));
  }
  return problems;
}

/** What lies at a destination, by the name that the files of a backup share. */
interface Shelf {
  readonly manifests: ReadonlyMap<string, ShelvedManifest>;
  readonly held: ReadonlySet<string>;
}

/** Its file's bytes say which job it is of; the file's name does not. */
type ShelvedManifest =
  | {
      readonly kind: "read";
      readonly job: string;
      readonly sha256: string;
      /** A line for each of its files that is not there with its size. */
      readonly missing: readonly string[];
    }
  | { readonly kind: "unreadable"; readonly message: string };

async function readShelf(destination: Destination, signal: AbortSignal): Promise<Shelf> {
  await destination.look();
  const manifests = new Map<string, ShelvedManifest>();
  const held = new Set<string>();
  const files = await destination.list();
  for (const { name } of files) {
    signal.throwIfAborted();
    const parsed = parseBackupFile(name);
    if (parsed?.file.kind === "hold") held.add(parsed.base);
    if (parsed?.file.kind === "manifest")
      manifests.set(parsed.base, await readShelved(destination, parsed.base, files));
  }
  return { manifests, held };
}

async function readShelved(
  destination: Destination,
  id: string,
  files: readonly StoredFile[],
): Promise<ShelvedManifest> {
  try {
    const stored = await readStoredBackup(destination, id);
    const missing = missingFiles(stored, files);
    return { kind: "read", job: stored.manifest.job, sha256: stored.manifestSha256, missing };
  } catch (error) {
    return { kind: "unreadable", message: messageOf(error) };
  }
}

type Problem = Pick<CatalogProblem, "backup" | "message">;

function compare({ manifests }: Shelf, known: readonly BackupRow[]): readonly Problem[] {
  const problems = known.map((row) => problemOf(row, manifests.get(row.id) ?? null));
  const listed = new Set(known.map(keyOf));
  for (const [id, found] of manifests) {
    if (found.kind === "unreadable") problems.push({ backup: id, message: found.message });
    else if (!listed.has(keyOf({ id, job: found.job })))
      problems.push({ backup: id, message: "it lies there, the catalog does not know it" });
    if (found.kind === "read") problems.push(...found.missing.map((message) => ({ backup: id, message })));
  }
  return problems.filter((problem) => problem !== null);
}

function problemOf({ id, job, manifestSha256 }: BackupRow, found: ShelvedManifest | null): Problem | null {
  if (found?.kind === "unreadable") return null; // told once, with what lies there
  if (found === null) return { backup: id, message: "the catalog lists it, its manifest is gone" };
  if (found.job !== job) {
    const message = `the catalog lists it for job "${job}", its manifest there is of job "${found.job}"`;
    return { backup: id, message };
  }
  if (found.sha256 === manifestSha256) return null;
  return { backup: id, message: "its manifest is not the one that the catalog saw" };
}

function keyOf({ job, id }: { readonly job: string; readonly id: string }): string {
  return `${job}\n${id}`;
}

/** A hold that vanished from the destination protects nobody after the next rebuild. */
function holdProblems({ manifests, held }: Shelf, holds: readonly MarkRow[]): readonly Problem[] {
  return holds
    .filter(({ backupId, job }) => {
      const found = manifests.get(backupId);
      const isOfAnother = found?.kind === "read" && found.job !== job;
      return !held.has(backupId) || isOfAnother;
    })
    .map(({ backupId }) => ({
      backup: backupId,
      message: "the catalog holds it, the file that says so is gone",
    }));
}
