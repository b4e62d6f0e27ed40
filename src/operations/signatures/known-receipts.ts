import { parseBackupFile } from "../../domain/backups/backup-file.ts";
import type { Context } from "../context.ts";

/** A receipt that was seen beside a backup. */
export interface KnownReceipt {
  readonly job: string;
  readonly base: string;
  readonly file: string;
}

/**
 * The receipts that should lie at a destination: those seen there last, and those that a run has found to be gone and nobody
 * has accepted.
 */
export function knownReceipts(
  { catalog }: Pick<Context, "catalog">,
  destination: string,
): readonly KnownReceipt[] {
  const all = catalog.backups().map(({ job, database }) => ({ job, database }));
  const series = [...new Map(all.map((one) => [JSON.stringify([one.job, one.database]), one])).values()];
  const seen = [...new Set(series.map(({ job }) => job))].flatMap((job) =>
    catalog.proofFiles(job, destination).map(({ backupId, name }) => ({ job, base: backupId, file: name })),
  );
  const gone = series.flatMap(({ job, database }) =>
    catalog
      .troubles(job, database)
      .filter((row) => row.kind === "gone" && row.destination === destination && isReceipt(row.file))
      .map(({ backupId, file }) => ({ job, base: backupId, file })),
  );
  const found = [...seen, ...gone];
  return [...new Map(found.map((one) => [JSON.stringify([one.job, one.file]), one])).values()];
}

function isReceipt(file: string): boolean {
  return parseBackupFile(file)?.file.kind === "proof";
}

/** Whether policy is at work on this copy, or has done with it: then nothing of it is missed. */
export function isPolicyAtWork(
  { catalog }: Pick<Context, "catalog">,
  { job, base }: KnownReceipt,
  destination: string,
): boolean {
  const copy = catalog.backup(job, base)?.copies.find((one) => one.destination === destination);
  return copy === undefined || copy.state === "removing";
}
