import type { Catalog } from "../catalog.ts";
import type { Connection } from "../connection.ts";

// IS and not =: of capsules the database is null.
const add = `
  INSERT INTO pruned (job, database, backup_id) SELECT $job, $database, $backupId
  WHERE NOT EXISTS (SELECT 1 FROM pruned
    WHERE job = $job AND database IS $database AND backup_id = $backupId)`;

const select = "SELECT backup_id FROM pruned WHERE job = $job AND database IS $database ORDER BY seq";

const remove = "DELETE FROM pruned WHERE job = $job AND database IS $database AND backup_id = $backupId";

type PrunedMembers = Pick<Catalog, "addPruned" | "pruned" | "clearPruned">;

export function prunedStatements(connection: Connection): PrunedMembers {
  return {
    addPruned: (job, database, backupId) => connection.change(add, { job, database, backupId }),
    pruned: (job, database) => connection.all(select, { job, database }, (row) => row.text("backup_id")),
    clearPruned: (job, database, backupIds) =>
      connection.atomically(() => {
        for (const backupId of backupIds) connection.change(remove, { job, database, backupId });
      }),
  };
}
