import type { BackupRow } from "../../catalog/catalog.ts";
import type { StoredFile } from "../../destinations/destination.ts";
import { parseBackupFile } from "../../domain/backups/backup-file.ts";
import { asFailure, Failure } from "../../domain/failure.ts";
import type { Instant } from "../../domain/instant.ts";
import type { CopyPlace } from "../beside.ts";
import type { Context } from "../context.ts";
import { findBackup } from "../find-backup.ts";
import { noteLook } from "../note-look.ts";
import type { VerifyOptions } from "../operation.ts";

/** A copy to check. */
export interface Candidate {
  readonly id: string;
  readonly place: SeenPlace | AwayPlace;
  /** Null: only the destination knows it. */
  readonly known: { readonly job: string; readonly createdAt: Instant } | null;
}

export interface SeenPlace extends CopyPlace {
  readonly kind: "seen";
  readonly name: string;
}

/** A destination that cannot be looked at: nothing can be said of its copies, least of all that they are damaged. */
export interface AwayPlace {
  readonly kind: "away";
  readonly name: string;
  readonly failure: Failure;
}

/** Stands for whatever lies at a destination of which nothing is known. */
const whateverLiesThere = "*";

/**
 * The copies to check: those of the backups named; of all, also those that only a destination knows. Copies
 * that are being removed are none of them. Throws when a named backup has a copy whose destination left the
 * config.
 */
export async function candidatesOf(context: Context, options: VerifyOptions): Promise<readonly Candidate[]> {
  const { backups, signal } = options;
  const isAll = backups.length === 0;
  const rows = isAll ? context.catalog.backups() : backups.map((name) => findBackup(context, name));
  if (!isAll) for (const row of rows) demandDestinations(context, row);
  const wanted = new Set([
    ...(isAll ? context.destinations.keys() : []),
    ...rows.flatMap((row) => row.copies.map((copy) => copy.destination)),
  ]);
  const found = new Map<string, Candidate>();
  for (const name of wanted) {
    signal.throwIfAborted();
    const { place, files } = await lookAt(context, name);
    for (const candidate of knownAt(place, rows)) found.set(keyOf(candidate), candidate);
    if (!isAll) continue;
    const hidden = idsAt(name, rows);
    const ids = place.kind === "away" && hidden.size === 0 ? [whateverLiesThere] : manifestsOf(files);
    for (const id of ids.filter((each) => !hidden.has(each))) {
      const candidate = { id, place, known: null };
      found.set(keyOf(candidate), candidate);
    }
  }
  return [...found.values()];
}

function demandDestinations(context: Context, { id, copies }: BackupRow): void {
  const stale = copies.find(
    (copy) => copy.state !== "removing" && !context.destinations.has(copy.destination),
  );
  if (!stale) return;
  throw new Failure(
    "usage.invalid-value",
    `Cannot verify "${id}": its destination "${stale.destination}" is no longer in the config`,
    { hint: "Put the destination back, or run codex-backup catalog rebuild to forget what lies there." },
  );
}

interface Looked {
  readonly place: SeenPlace | AwayPlace;
  readonly files: readonly StoredFile[];
}

/** As the copies at a destination are looked for. */
export async function seePlace(context: Context, name: string): Promise<SeenPlace | AwayPlace> {
  try {
    const destination = context.destinations.get(name);
    if (!destination) throw noLongerThere(name);
    const facts = await destination.look();
    noteLook(context, destination, facts);
    return { kind: "seen", name, destination, destinationId: facts.id };
  } catch (error) {
    return { kind: "away", name, failure: asFailure(error, "destination.io", `Cannot look at "${name}"`) };
  }
}

/** Once for all copies at a destination: an unmounted one has lost nothing. */
async function lookAt(context: Context, name: string): Promise<Looked> {
  const place = await seePlace(context, name);
  if (place.kind === "away") return { place, files: [] };
  try {
    return { place, files: await place.destination.list() };
  } catch (error) {
    const failure = asFailure(error, "destination.io", `Cannot look at "${name}"`);
    return { place: { kind: "away", name, failure }, files: [] };
  }
}

function noLongerThere(name: string): Failure {
  return new Failure("destination.missing", `Cannot verify at "${name}": it is no longer in the config`, {
    hint: "Put the destination back, or run codex-backup catalog rebuild to forget what lies there.",
  });
}

function knownAt(place: Candidate["place"], rows: readonly BackupRow[]): readonly Candidate[] {
  return rows
    .filter(({ copies }) => copies.some((c) => c.destination === place.name && c.state !== "removing"))
    .map(({ id, job, createdAt }) => ({ id, place, known: { job, createdAt } }));
}

/** Those being removed included: they are not new, they are going. */
function idsAt(destination: string, rows: readonly BackupRow[]): ReadonlySet<string> {
  return new Set(
    rows.filter(({ copies }) => copies.some((copy) => copy.destination === destination)).map(({ id }) => id),
  );
}

function manifestsOf(files: readonly StoredFile[]): readonly string[] {
  return files
    .map(({ name }) => parseBackupFile(name))
    .filter((parsed) => parsed !== null)
    .filter(({ file }) => file.kind === "manifest")
    .map(({ base }) => base);
}

function keyOf({ id, place, known }: Candidate): string {
  return `${place.name}\n${known?.job ?? ""}\n${id}`;
}
