import type { BackupRow } from "../../catalog/catalog.ts";
import { Failure } from "../../domain/failure.ts";
import type { CopyPlace } from "../beside.ts";
import { type Context, destinationNamed } from "../context.ts";
import { chooseCopy } from "../restore/choose-copy.ts";
import { demandSameDisk } from "../same-disk.ts";
import { demandOwnName, missingBackup, readStoredBackup, type StoredBackup } from "../stored-backup.ts";

/** A copy, as its destination describes it. */
export interface ChosenPlace extends CopyPlace {
  readonly stored: StoredBackup;
  /** As the catalog knew it when the proof began. */
  readonly row: BackupRow;
}

/**
 * The copy at a destination that was named, else the one that a restore would take. Throws "usage.invalid-value" when
 * no copy is known to lie there, and what keeps it from being read.
 */
export async function choosePlace(
  context: Context,
  row: BackupRow,
  named: string | null,
): Promise<ChosenPlace> {
  const { destination, stored } =
    named === null ? await chooseCopy(context, row) : await readAt(context, row, named);
  demandOwnName(stored, row.id);
  if (stored.manifest.job !== row.job) throw missingBackup(destination, `${row.job}/${row.id}`);
  const facts = await destination.look();
  const copy = row.copies.find((candidate) => candidate.destination === destination.name);
  if (copy !== undefined) demandSameDisk(destination, facts, copy);
  return { destination, destinationId: facts.id, stored, row };
}

async function readAt(context: Context, row: BackupRow, named: string) {
  const destination = destinationNamed(context, named);
  if (row.copies.some((copy) => copy.destination === named)) {
    await destination.look(); // one that is away has not lost its backups
    return { destination, stored: await readStoredBackup(destination, row.id) };
  }
  const places = row.copies.map((copy) => `"${copy.destination}"`).join(", ");
  throw new Failure("usage.invalid-value", `Cannot prove "${row.id}" at "${named}": no copy is known there`, {
    hint: `Name one of its destinations: ${places}.`,
  });
}
