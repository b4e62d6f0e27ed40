import type { BackupRow, CopyRow, TroubleRow } from "../../catalog/catalog.ts";
import { formatBackupFile, parseBackupFile } from "../../domain/backups/backup-file.ts";
import type { Context } from "../context.ts";
import type { Survey } from "./survey.ts";

type Parts = Pick<Context, "catalog" | "clock">;

/** What lies at one destination, and what of one job should. */
export interface Sight {
  readonly job: string;
  readonly survey: Survey;
  readonly rows: readonly BackupRow[];
}

/**
 * Remembers which copies and receipts of proofs are gone although nothing of ours removed them, and forgets those that are
 * back. It stays known when policy has done with the backup and when the catalog is made anew, until somebody accepts it.
 */
export function noteGone(parts: Parts, sight: Sight): void {
  const { job, survey } = sight;
  const copies = sight.rows.flatMap((row) =>
    row.copies
      .filter((copy) => isHere(copy, survey) && copy.state !== "removing")
      .map((copy) => ({ copy, database: row.database })),
  );
  const gone = [...goneCopies(parts, sight, copies), ...goneReceipts(parts, sight, copies)];
  for (const row of gone) parts.catalog.putTrouble(row);
  for (const database of new Set(sight.rows.map((row) => row.database)))
    for (const row of parts.catalog.troubles(job, database))
      if (isBack(row, survey, gone)) parts.catalog.endTrouble(row);
}

/** Of copies alone, and only what is gone: for a look that nothing but the list of names stands behind. */
export function noteGoneCopies(parts: Parts, sight: Sight): void {
  const copies = sight.rows.flatMap((row) =>
    row.copies.filter((copy) => isHere(copy, sight.survey)).map((copy) => ({ copy, database: row.database })),
  );
  for (const row of goneCopies(parts, sight, copies)) parts.catalog.putTrouble(row);
}

interface CopyHere {
  readonly copy: CopyRow;
  readonly database: string | null;
}

function isHere({ destination, destinationId }: CopyRow, survey: Survey): boolean {
  return destination === survey.destination && destinationId === survey.destinationId;
}

/** One whose files have come back is still called missing by the catalog, until a check has read them. */
function goneCopies(
  { catalog, clock }: Parts,
  { job, survey }: Sight,
  copies: readonly CopyHere[],
): readonly TroubleRow[] {
  const missing = copies.filter(({ copy }) => copy.state === "missing");
  if (missing.length === 0) return [];
  const expected = catalog.expectedFiles(job);
  return missing.flatMap(({ copy: { backupId, destination }, database }) => {
    const manifest = formatBackupFile(backupId, { kind: "manifest" });
    const names = (expected.get(backupId) ?? []).map(({ path }) => path ?? manifest);
    const first = [manifest, ...names].find((name) => !survey.sizes.has(name));
    if (first === undefined) return [];
    const what = first === manifest ? `"${backupId}"` : `"${first}"`;
    const text = `${what} is gone from "${destination}", and no policy removed it`;
    return [{ kind: "gone", job, database, backupId, destination, file: "", at: clock.now(), text }] as const;
  });
}

/** By those that were seen before. Of a copy whose manifest is gone, the copy itself is told. */
function goneReceipts(
  { catalog, clock }: Parts,
  { job, survey, rows }: Sight,
  copies: readonly CopyHere[],
): readonly TroubleRow[] {
  const { destination, sizes } = survey;
  const looked = new Set(rows.map(({ database }) => database));
  const databases = new Map(copies.map(({ copy, database }) => [copy.backupId, database]));
  const stands = (id: string) => databases.has(id) && sizes.has(formatBackupFile(id, { kind: "manifest" }));
  const known = catalog.proofFiles(job, destination);
  const knownNames = new Set(known.map(({ name }) => name));
  for (const name of sizes.keys()) {
    const parsed = parseBackupFile(name);
    if (parsed?.file.kind !== "proof" || knownNames.has(name) || !databases.has(parsed.base)) continue;
    catalog.putProofFile({ job, destination, backupId: parsed.base, name });
  }
  const isOfOthers = (id: string) => {
    const row = databases.has(id) ? null : catalog.backup(job, id);
    return row !== null && !looked.has(row.database); // their own run tells of it
  };
  const away = known.filter(({ name, backupId }) => !sizes.has(name) && !isOfOthers(backupId));
  for (const { name } of away) catalog.forgetProofFile({ job, destination, name });
  return away
    .filter(({ backupId }) => stands(backupId))
    .map(({ backupId, name: file }) => {
      const text = `the receipt "${file}" of a proof is gone from "${destination}", and no policy removed it`;
      const database = databases.get(backupId) ?? null;
      return { kind: "gone", job, database, backupId, destination, file, at: clock.now(), text };
    });
}

function isBack(row: TroubleRow, { destination, sizes }: Survey, gone: readonly TroubleRow[]): boolean {
  if (row.kind !== "gone" || row.destination !== destination) return false;
  const isStillGone = gone.some(({ backupId, file }) => backupId === row.backupId && file === row.file);
  return !isStillGone && sizes.has(row.file || formatBackupFile(row.backupId, { kind: "manifest" }));
}
