import type { CopyRow } from "../../catalog/catalog.ts";
import { formatBackupFile, parseBackupFile } from "../../domain/backups/backup-file.ts";
import { Failure, messageOf, reportOf } from "../../domain/failure.ts";
import { reaches } from "../../domain/level.ts";
import { copyAsTold, toldBeside } from "../beside.ts";
import type { Context } from "../context.ts";
import { putBackup } from "../put-backup.ts";
import { type CheckedCopy, writeCheckReceipt } from "../receipt.ts";
import { demandSameDisk } from "../same-disk.ts";
import { missingBackup, type StoredBackup } from "../stored-backup.ts";
import { withdrawIfRemoved } from "../withdraw-receipt.ts";
import type { Candidate, SeenPlace } from "./candidates.ts";
import type { CheckedFiles } from "./check-copy.ts";
import { judgeCheck } from "./judge-check.ts";

export interface Finding {
  readonly candidate: Pick<Candidate, "id" | "known">;
  readonly place: SeenPlace;
  readonly stored: StoredBackup;
  /** Its differences are all that was found. */
  readonly checked: CheckedFiles;
}

export interface Kept {
  readonly differences: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Tells the catalog what a check found, then keeps it beside the copy; a receipt that cannot be written takes
 * nothing from what was found. Null when the copy was removed while it was checked: nothing is left to tell.
 */
export async function keepResult(context: Context, finding: Finding): Promise<Kept | null> {
  const { place, stored, checked, candidate } = finding;
  const { destination, destinationId } = place;
  const { manifest, manifestSha256 } = stored;
  const { catalog } = context;
  const at = context.clock.now();
  const beside = (await destination.list()).filter(({ name }) => parseBackupFile(name)?.base === manifest.id);
  const besides = await toldBeside(destination, beside, {
    ...{ destinationId, manifestSha256, signatures: context.signatures },
  });
  const told = copyAsTold(place, stored, besides);
  if ((await destination.stat(formatBackupFile(manifest.id, { kind: "manifest" }))) === null) {
    demandSameDisk(destination, await destination.look(), { backupId: manifest.id, destinationId });
    throw missingBackup(destination, manifest.id);
  }
  const judged = catalog.atomically(() => {
    const before = copyOf(context, finding, manifest.job);
    if (isRemoved(candidate, before)) return null;
    const differences = openDifferences(stored, checked);
    const result = judgeCheck({ ...checked, differences, at, before, told, receipt: besides.receipt });
    if (catalog.backup(manifest.job, manifest.id) === null) putBackup(catalog, stored);
    catalog.putCopy(result.copy);
    return result;
  });
  if (judged === null) return null;
  // What was found itself is for whoever holds the key; what stands from before is told as it was kept.
  const differences = checked.differences.length > 0 ? checked.differences : judged.differences;
  if (judged.receipt === null) return { differences, warnings: [] };
  const { readBack } = judged.copy;
  // What a proof said stands in its own receipt: when that is gone, the level falls to what a check can say.
  const level = reaches(judged.copy.level, "read") ? "read" : judged.copy.level;
  const foundAt = judged.receipt.foundAt ?? undefined;
  const copy = { sealed: stored, destinationId, level, readBack, checkedAt: at };
  const warnings = await tryReceipt(context, place, foundAt === undefined ? copy : { ...copy, foundAt });
  return { differences, warnings };
}

/** As the catalog keeps them, from which status, alerts and HTTP tell: nothing of what is inside of the encryption. */
function openDifferences(
  { manifest }: StoredBackup,
  { level, differences }: CheckedFiles,
): readonly string[] {
  if (manifest.encryption === undefined || level !== "read") return differences;
  return differences.map(
    () => "it does not hold what its private part says; codex-backup verify --identity FILE names it",
  );
}

async function tryReceipt(
  context: Context,
  { destination }: SeenPlace,
  copy: CheckedCopy,
): Promise<readonly string[]> {
  let name: string;
  try {
    name = await writeCheckReceipt(context, destination, copy);
  } catch (error) {
    return [`its result stands in the catalog only, not beside the copy: ${messageOf(error)}`];
  }
  try {
    await withdrawIfRemoved(destination, copy.sealed.manifest.id, [name]);
    return [];
  } catch (error) {
    return [`cannot tell whether it is still there: ${messageOf(error)}`];
  }
}

/** True when a copy that the catalog knew was removed, or is being removed, since its check began. */
export function wasRemoved(context: Context, candidate: Candidate): boolean {
  const { known, place } = candidate;
  return known !== null && isRemoved(candidate, copyOf(context, { place, candidate }, known.job));
}

/**
 * A copy without a manifest, or with one that cannot be read, stays known as such. Throws when the destination
 * went away meanwhile, or is another one than the copy was put on: then nothing is known.
 */
export async function keepLoss(
  context: Context,
  { id, known, place }: Pick<Candidate, "id" | "known"> & { readonly place: SeenPlace },
  failure: Failure,
): Promise<void> {
  const { catalog, clock } = context;
  const { id: destinationId } = await place.destination.look();
  if (known === null) return;
  catalog.atomically(() => {
    const before = copyOf(context, { place, candidate: { id, known } }, known.job);
    if (before === null || before.state === "removing") return;
    if (before.destinationId !== destinationId) throw foreign(place, before, destinationId);
    const state = failure.code === "backup.missing-file" ? "missing" : "damaged";
    // Damaged files stay the greater trouble: a manifest can be put back.
    if (before.failure?.code === "backup.mismatch") return;
    const facts = { state, level: "unknown", readBack: null, checkedAt: clock.now() } as const;
    catalog.putCopy({ ...before, ...facts, failure: reportOf(failure) });
  });
}

function copyOf(
  { catalog }: Context,
  { place, candidate }: { readonly place: Candidate["place"]; readonly candidate: Finding["candidate"] },
  job: string,
): CopyRow | null {
  const row = catalog.backup(job, candidate.id);
  return row?.copies.find((copy) => copy.destination === place.name) ?? null;
}

function isRemoved({ known }: Finding["candidate"], before: CopyRow | null): boolean {
  return before === null ? known !== null : before.state === "removing";
}

function foreign({ name, destination }: SeenPlace, copy: CopyRow, id: string): Failure {
  return new Failure(
    "destination.sentinel-foreign",
    `Cannot verify "${copy.backupId}" at "${name}": ${destination.location} has the sentinel ${id}, and the copy lies at ${copy.destinationId}`,
    { hint: "Mount the disk that was there then." },
  );
}
