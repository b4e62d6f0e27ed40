import { auditKinds } from "../../domain/copies/audit-finding.ts";
import type { Catalog } from "../catalog.ts";
import type { Connection } from "../connection.ts";
import type { AuditFindingRow, LookRow, ReadTally, RetainedRow } from "../copy-facts.ts";
import type { Row } from "../row.ts";
import { keyOfBackup } from "./copies.ts";

// Made before it was seen to keep this long, a copy may be kept for less; null days are for ever.
const noteLook = `
  INSERT INTO looks (destination, destination_id, immutable_by, immutable_days)
  VALUES ($destination, $destinationId, $by, $days)
  ON CONFLICT (destination, destination_id) DO UPDATE SET
    weaker_ms = CASE
      WHEN excluded.immutable_by IS NULL THEN NULL
      WHEN immutable_by IS NULL THEN $at
      WHEN immutable_days IS NOT NULL AND coalesce(excluded.immutable_days, 1e9) > immutable_days THEN $at
      ELSE weaker_ms END,
    immutable_by = excluded.immutable_by, immutable_days = excluded.immutable_days
  WHERE immutable_by IS NOT excluded.immutable_by OR immutable_days IS NOT excluded.immutable_days`;

const noteAudit = `
  INSERT INTO looks (destination, destination_id, audited_ms) VALUES ($destination, $destinationId, $at)
  ON CONFLICT (destination, destination_id) DO UPDATE SET audited_ms = $at`;

const putRetained = `
  INSERT OR REPLACE INTO retained (backup, destination, at_ms, until_ms)
  SELECT backup, destination, $at, $until FROM copies WHERE backup = ${keyOfBackup} AND destination = $destination`;

const endRetained = `DELETE FROM retained WHERE backup = ${keyOfBackup} AND destination = $destination`;

const selectRetained = `
  SELECT job, id, destination, at_ms, until_ms FROM retained JOIN backups ON backups.key = retained.backup
  ORDER BY job, id, destination`;

// A copy that was never read counts from its birth.
const selectTallies = `
  SELECT job, database, destination, count(*) AS copies, sum(state <> 'whole') AS bad, sum(size_bytes) AS bytes,
    min(CASE WHEN state <> 'whole' THEN NULL WHEN level IN ('unknown', 'stored') THEN created_ms
        ELSE max(coalesce(checked_ms, created_ms), created_ms) END) AS oldest_ms
  FROM copies JOIN backups ON backups.key = copies.backup WHERE state <> 'removing'
  GROUP BY job, database, destination ORDER BY job, database, destination`;

const keptReads = 10_000;

type Members = Pick<
  Catalog,
  | "noteLook"
  | "noteAudit"
  | "looks"
  | "putRetained"
  | "endRetained"
  | "retained"
  | "readTallies"
  | "addRead"
  | "bytesReadSince"
  | "comparedManifests"
  | "putComparedManifests"
  | "auditFindings"
  | "putAuditFindings"
>;

export function copyFactStatements(connection: Connection): Members {
  return {
    noteLook: ({ destination, destinationId, immutability }, at) =>
      connection.change(noteLook, {
        ...{ destination, destinationId, at },
        ...{ by: immutability?.by ?? null, days: immutability?.days ?? null },
      }),
    noteAudit: (destination, destinationId, at) =>
      connection.change(noteAudit, { destination, destinationId, at }),
    looks: () => connection.all("SELECT * FROM looks ORDER BY destination, destination_id", {}, readLook),
    putRetained: ({ job, backupId, destination, at, until }) =>
      connection.change(putRetained, { job, backupId, destination, at, until }),
    endRetained: (job, backupId, destination) =>
      connection.change(endRetained, { job, backupId, destination }),
    retained: () => connection.all(selectRetained, {}, readRetained),
    readTallies: () => connection.all(selectTallies, {}, readTally),
    ...readStatements(connection),
    ...auditStatements(connection),
  };
}

function readStatements(connection: Connection): Pick<Members, "addRead" | "bytesReadSince"> {
  return {
    addRead: (at, bytes) =>
      connection.atomically(() => {
        connection.change("INSERT INTO reads (at_ms, bytes) VALUES ($at, $bytes)", { at, bytes });
        connection.change("DELETE FROM reads WHERE seq <= (SELECT max(seq) FROM reads) - $keptReads", {
          keptReads,
        });
      }),
    bytesReadSince: (at) =>
      connection.first(
        "SELECT coalesce(sum(bytes), 0) AS bytes FROM reads WHERE at_ms >= $at",
        { at },
        (row) => row.count("bytes"),
      ) ?? 0,
  };
}

const ofPlace = "destination = $destination AND destination_id = $destinationId";

type AuditMembers = Pick<
  Members,
  "comparedManifests" | "putComparedManifests" | "auditFindings" | "putAuditFindings"
>;

function auditStatements(connection: Connection): AuditMembers {
  return {
    comparedManifests: (destination, destinationId) =>
      connection.all(
        `SELECT * FROM compared_manifests WHERE ${ofPlace} ORDER BY name`,
        { destination, destinationId },
        (row) => ({
          name: row.text("name"),
          sizeBytes: row.count("size_bytes"),
          modifiedMs: row.number("modified_ms"),
        }),
      ),
    putComparedManifests: (destination, destinationId, files) =>
      connection.atomically(() => {
        connection.change("DELETE FROM compared_manifests WHERE destination = $destination", { destination });
        for (const { name, sizeBytes, modifiedMs } of files)
          connection.change(
            "INSERT INTO compared_manifests VALUES ($destination, $destinationId, $name, $sizeBytes, $modifiedMs)",
            { destination, destinationId, name, sizeBytes, modifiedMs },
          );
      }),
    auditFindings: () =>
      connection.all("SELECT * FROM audit_findings ORDER BY destination, kind, name", {}, readFinding),
    putAuditFindings: (destination, rows) =>
      connection.atomically(() => {
        connection.change("DELETE FROM audit_findings WHERE destination = $destination", { destination });
        for (const { kind, name, at, text } of rows)
          connection.change("INSERT INTO audit_findings VALUES ($destination, $kind, $name, $at, $text)", {
            ...{ destination, kind, name, at, text },
          });
      }),
  };
}

const immutableBy = ["object-lock", "sworn"] as const;

function readLook(row: Row): LookRow {
  const by = row.oneOfOrNull("immutable_by", immutableBy);
  return {
    destination: row.text("destination"),
    destinationId: row.text("destination_id"),
    immutability: by === null ? null : { by, days: row.countOrNull("immutable_days") },
    weakerAt: row.instantOrNull("weaker_ms"),
    auditedAt: row.instantOrNull("audited_ms"),
  };
}

function readRetained(row: Row): RetainedRow {
  return {
    job: row.text("job"),
    backupId: row.text("id"),
    destination: row.text("destination"),
    at: row.instant("at_ms"),
    until: row.instantOrNull("until_ms"),
  };
}

function readTally(row: Row): ReadTally {
  return {
    job: row.text("job"),
    database: row.textOrNull("database"),
    destination: row.text("destination"),
    copies: row.count("copies"),
    bad: row.count("bad"),
    oldestReadAt: row.instantOrNull("oldest_ms"),
    sizeBytes: row.count("bytes"),
  };
}

function readFinding(row: Row): AuditFindingRow {
  return {
    destination: row.text("destination"),
    kind: row.oneOf("kind", auditKinds),
    name: row.text("name"),
    at: row.instant("at_ms"),
    text: row.text("text"),
  };
}
