import type { BackupRow, CopyRow, ExpectedFile } from "../../catalog/catalog.ts";
import { formatBackupFile } from "../../domain/backups/backup-file.ts";
import { Failure, reportOf } from "../../domain/failure.ts";
import type { Context } from "../context.ts";
import type { Survey } from "./survey.ts";

/** A file that a backup must have, or it is none. */
interface Needed {
  readonly name: string;
  readonly sizeBytes: number;
}

/**
 * The rows as the listings show them: a copy that the catalog calls whole and whose manifest or files are
 * gone is "missing", one of another size is "damaged". Copies that are as they were stay the same
 * objects, as do those that nobody could look at.
 */
export function compareCopies(
  context: Pick<Context, "catalog" | "clock">,
  rows: readonly BackupRow[],
  surveys: readonly Survey[],
): readonly BackupRow[] {
  const jobs = new Set(rows.map((row) => row.job));
  const expected = new Map([...jobs].map((job) => [job, context.catalog.expectedFiles(job)]));
  return rows.map((row) => {
    const needed = neededFiles(expected.get(row.job)?.get(row.id) ?? [], row.id);
    return { ...row, copies: row.copies.map((copy) => compareCopy(context, copy, { needed, surveys })) };
  });
}

interface Comparison {
  readonly needed: readonly Needed[];
  readonly surveys: readonly Survey[];
}

function compareCopy(
  { clock }: Pick<Context, "clock">,
  copy: CopyRow,
  { needed, surveys }: Comparison,
): CopyRow {
  const survey = surveys.find(
    (one) => one.destination === copy.destination && one.destinationId === copy.destinationId,
  );
  if (copy.state !== "whole" || !survey) return copy;
  const wrong = needed.filter(({ name, sizeBytes }) => survey.sizes.get(name) !== sizeBytes);
  const [first] = wrong;
  if (!first) return copy;
  const gone = wrong.find(({ name }) => !survey.sizes.has(name));
  const seen = gone ? `"${gone.name}" is gone` : `"${first.name}" has another size than when it was made`;
  const failure = new Failure(
    gone ? "backup.missing-file" : "backup.mismatch",
    `Cannot vouch for "${copy.backupId}" at "${copy.destination}": ${seen}`,
  );
  return {
    ...copy,
    state: gone ? "missing" : "damaged",
    level: "unknown",
    readBack: null,
    checkedAt: clock.now(),
    failure: reportOf(failure),
  };
}

function neededFiles(expected: readonly ExpectedFile[], id: string): readonly Needed[] {
  const manifest = formatBackupFile(id, { kind: "manifest" });
  return expected.map(({ path, sizeBytes }) => ({ name: path ?? manifest, sizeBytes }));
}
