import { readAnomalies } from "../../domain/anomalies/anomaly-text.ts";
import type { Manifest } from "../../domain/backups/manifest.ts";
import { parseInstant } from "../../domain/instant.ts";
import type { BackupFilter, BackupRow, Catalog, MarkRow } from "../catalog.ts";
import type { Connection, Parameters } from "../connection.ts";
import type { Row } from "../row.ts";
import { type Chosen, type CopyShelf, everything, keyOfBackup, readCopies } from "./copies.ts";
import { formatLinks } from "./links.ts";

// Not INSERT OR REPLACE: that deletes first, and copies and marks would go with the old row. What was proven of one
// manifest says nothing of another.
const put = `
  INSERT INTO backups
    (job, id, database, kind, created_ms, size_bytes, outcome, adopted, manifest_sha256, anomalies, links)
  VALUES
    ($job, $id, $database, $kind, $createdAt, $sizeBytes, $outcome, $adopted, $manifestSha256, $anomalies, $links)
  ON CONFLICT (job, id) DO UPDATE SET database = excluded.database, kind = excluded.kind,
    created_ms = excluded.created_ms, size_bytes = excluded.size_bytes, outcome = excluded.outcome,
    adopted = excluded.adopted, manifest_sha256 = excluded.manifest_sha256, anomalies = excluded.anomalies,
    links = excluded.links,
    proven_ms = iif(manifest_sha256 = excluded.manifest_sha256, proven_ms, NULL)`;

const putText = `
  INSERT INTO manifests (backup, text) VALUES (${keyOfBackup}, $text)
  ON CONFLICT (backup) DO UPDATE SET text = excluded.text`;

const selectText = `SELECT text FROM manifests WHERE backup = ${keyOfBackup}`;

// SQLite takes the sizes out: a capsule's manifest lists twenty thousand entries, and is long to parse whole.
const selectExpected = `
  SELECT backups.id AS id, NULL AS path, octet_length(text) AS size_bytes
  FROM backups JOIN manifests ON manifests.backup = backups.key WHERE job = $job
  UNION ALL
  SELECT backups.id, file.value ->> 'path', file.value ->> 'sizeBytes'
  FROM backups JOIN manifests ON manifests.backup = backups.key, json_each(text, '$.files') AS file
  WHERE job = $job`;

const removeIfBare = `
  DELETE FROM backups WHERE job = $job AND id = $backupId
    AND NOT EXISTS (SELECT 1 FROM copies WHERE copies.backup = backups.key)`;

const forget = "DELETE FROM backups";

// Not *: profiles are long, and few want them.
const columns = `key, job, id, database, kind, created_ms, size_bytes, outcome, adopted, manifest_sha256, proven_ms,
  anomalies`;

const select = (condition: string) =>
  `SELECT ${columns} FROM backups WHERE ${condition} ORDER BY created_ms DESC, id DESC, job LIMIT $limit`;

// In the order of select: newest first, then ids backwards, then jobs.
const isAfter = `EXISTS (SELECT 1 FROM backups AS last WHERE last.job = $beforeJob AND last.id = $beforeId AND (
  backups.created_ms < last.created_ms OR (backups.created_ms = last.created_ms AND (
    backups.id < last.id OR (backups.id = last.id AND backups.job > last.job)))))`;

const hasDamage =
  "EXISTS (SELECT 1 FROM copies AS one WHERE one.backup = backups.key AND one.state = 'damaged')";

const selectMarked = "SELECT DISTINCT backup FROM marks WHERE kind = $kind";

type BackupMembers = Pick<
  Catalog,
  | "putBackup"
  | "removeBackupIfBare"
  | "backups"
  | "backup"
  | "backupsNamed"
  | "manifestText"
  | "expectedFiles"
  | "forgetBackups"
>;

export function backupStatements(connection: Connection): BackupMembers {
  const choose = (chosen: Chosen): readonly BackupRow[] =>
    connection.consistently(() => {
      const { condition, parameters } = chosen;
      const markedAs = (kind: MarkRow["kind"]) =>
        new Set(connection.all(selectMarked, { kind }, (row) => row.count("backup")));
      const marked = { held: markedAs("hold"), accepted: markedAs("accepted") };
      const shelves = new Map<number, CopyShelf>();
      const found = connection.list(select(condition), parameters, (row) => readBackup(row, marked, shelves));
      readCopies(connection, chosen, shelves);
      return found;
    });
  return {
    putBackup: (manifest, text, manifestSha256) =>
      connection.atomically(() => {
        connection.change(put, parametersOf(manifest, manifestSha256));
        connection.change(putText, { job: manifest.job, backupId: manifest.id, text });
      }),
    removeBackupIfBare: (job, backupId) => connection.change(removeIfBare, { job, backupId }),
    backups: (filter = {}) => choose(chosenBy(filter)),
    backup: (job, id) =>
      choose({ condition: "job = $job AND id = $id", parameters: { job, id, limit: 1 } })[0] ?? null,
    backupsNamed: (id) => choose({ condition: "id = $id", parameters: { id, limit: everything } }),
    manifestText: (job, backupId) =>
      connection.first(selectText, { job, backupId }, (row) => row.text("text")),
    expectedFiles: (job) => {
      const files = connection.all(selectExpected, { job }, (row) => ({
        id: row.text("id"),
        path: row.textOrNull("path"),
        sizeBytes: row.count("size_bytes"),
      }));
      return Map.groupBy(files, ({ id }) => id);
    },
    forgetBackups: () => connection.change(forget),
  };
}

function chosenBy(filter: BackupFilter): Chosen {
  const { job, database, before, limit = everything } = filter;
  const conditions = [
    ...(job === undefined ? [] : ["job = $job"]),
    ...(database === undefined ? [] : ["database IS $database"]),
    ...(filter.isProven === true ? ["proven_ms IS NOT NULL"] : []),
    ...(filter.isDamaged === true ? [hasDamage] : []),
    ...(before === undefined ? [] : [isAfter]),
  ];
  const given = {
    ...(job !== undefined && { job }),
    ...(database !== undefined && { database }),
    ...(before !== undefined && { beforeJob: before.job, beforeId: before.id }),
  };
  return {
    condition: conditions.join(" AND ") || "true",
    parameters: { limit, ...given },
  };
}

function parametersOf(manifest: Manifest, manifestSha256: string): Parameters {
  return {
    job: manifest.job,
    id: manifest.id,
    database: manifest.database,
    kind: manifest.kind,
    createdAt: parseInstant(manifest.startedAt),
    sizeBytes: manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0),
    outcome: manifest.outcome,
    adopted: manifest.adopted ? 1 : 0,
    manifestSha256,
    links: formatLinks(manifest),
    anomalies: JSON.stringify(manifest.anomalies ?? []),
  };
}

const kinds = ["postgres", "capsule"] as const;
const outcomes = ["complete", "incomplete"] as const;

interface Marked {
  readonly held: ReadonlySet<number>;
  readonly accepted: ReadonlySet<number>;
}

function readBackup(row: Row, { held, accepted }: Marked, shelves: Map<number, CopyShelf>): BackupRow {
  const key = row.count("key");
  const shelf: CopyShelf = { job: row.text("job"), id: row.text("id"), copies: [] };
  shelves.set(key, shelf);
  return {
    job: shelf.job,
    id: shelf.id,
    database: row.textOrNull("database"),
    kind: row.oneOf("kind", kinds),
    createdAt: row.instant("created_ms"),
    sizeBytes: row.count("size_bytes"),
    outcome: row.oneOf("outcome", outcomes),
    adopted: row.flag("adopted"),
    manifestSha256: row.text("manifest_sha256"),
    held: held.has(key),
    anomalies: row.json("anomalies", readAnomalies),
    accepted: accepted.has(key),
    provenAt: row.instantOrNull("proven_ms"),
    copies: shelf.copies,
  };
}
