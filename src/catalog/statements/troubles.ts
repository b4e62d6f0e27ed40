import type { Catalog, TroubleRow } from "../catalog.ts";
import type { Connection } from "../connection.ts";
import type { Row } from "../row.ts";

// IS and not =: of capsules the database is null.
const same = `kind = $kind AND job = $job AND database IS $database AND backup_id = $backupId
  AND destination = $destination AND file = $file`;

const add = `
  INSERT INTO troubles (kind, job, database, backup_id, destination, file, at_ms, text)
  SELECT $kind, $job, $database, $backupId, $destination, $file, $at, $text
  WHERE NOT EXISTS (SELECT 1 FROM troubles WHERE ${same})`;

const renew = `UPDATE troubles SET text = $text WHERE ${same} AND text <> $text`;

const remove = `DELETE FROM troubles WHERE ${same}`;

const select = "SELECT * FROM troubles WHERE job = $job AND database IS $database ORDER BY at_ms, rowid";

const selectFiles = `
  SELECT backup_id, name FROM proof_files WHERE job = $job AND destination = $destination ORDER BY name`;

const addFile = `
  INSERT OR IGNORE INTO proof_files (job, destination, backup_id, name)
  VALUES ($job, $destination, $backupId, $name)`;

const removeFile = "DELETE FROM proof_files WHERE job = $job AND destination = $destination AND name = $name";

type Members = Pick<
  Catalog,
  "putTrouble" | "endTrouble" | "troubles" | "proofFiles" | "putProofFile" | "forgetProofFile"
>;

export function troubleStatements(connection: Connection): Members {
  return {
    putTrouble: (row) =>
      connection.atomically(() => {
        const { at, text, ...key } = row;
        connection.change(add, { ...key, at, text });
        connection.change(renew, { ...key, text });
      }),
    endTrouble: ({ kind, job, database, backupId, destination, file }) =>
      connection.change(remove, { kind, job, database, backupId, destination, file }),
    troubles: (job, database) => connection.all(select, { job, database }, readTrouble),
    proofFiles: (job, destination) =>
      connection.all(selectFiles, { job, destination }, (row) => ({
        backupId: row.text("backup_id"),
        name: row.text("name"),
      })),
    putProofFile: ({ job, destination, backupId, name }) =>
      connection.change(addFile, { job, destination, backupId, name }),
    forgetProofFile: ({ job, destination, name }) =>
      connection.change(removeFile, { job, destination, name }),
  };
}

const kinds = ["gone", "pruning"] as const;

function readTrouble(row: Row): TroubleRow {
  return {
    kind: row.oneOf("kind", kinds),
    job: row.text("job"),
    database: row.textOrNull("database"),
    backupId: row.text("backup_id"),
    destination: row.text("destination"),
    file: row.text("file"),
    at: row.instant("at_ms"),
    text: row.text("text"),
  };
}
