import type { Catalog } from "../catalog.ts";
import type { Connection } from "../connection.ts";

// A backup that is not there adds nothing.
const add = `
  INSERT OR IGNORE INTO pruned_copies (backup, destination)
  SELECT key, $destination FROM backups WHERE job = $job AND id = $backupId`;

const select = `
  SELECT backups.id, pruned_copies.destination FROM pruned_copies
  JOIN backups ON backups.key = pruned_copies.backup WHERE backups.job = $job
  ORDER BY backups.id, pruned_copies.destination`;

export function prunedCopyStatements(
  connection: Connection,
): Pick<Catalog, "addPrunedCopy" | "prunedCopies"> {
  return {
    addPrunedCopy: (job, backupId, destination) => connection.change(add, { job, backupId, destination }),
    prunedCopies: (job) =>
      connection.all(select, { job }, (row) => ({
        backupId: row.text("id"),
        destination: row.text("destination"),
      })),
  };
}
